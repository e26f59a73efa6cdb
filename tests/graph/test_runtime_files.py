"""Whole networks that ONNX Runtime's own quantiser and optimiser wrote keep all their layers."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    quantize_dynamic,
    quantize_static,
)

import sparsesim as ss
from sparsesim.graph.host_work import host_work

RNG = np.random.default_rng(9)
# Pixels x filters x reduction of three convolutions, then 8 x 8 and 8 x 5.
MACS = {"c1": 64 * 8 * 27, "c2": 64 * 8 * 72, "c3": 64 * 8 * 8, "squeeze": 64, "head": 40}


def network(path: Path) -> Path:
    """Convolutions around a shortcut, a gate, a pool and two products."""
    shapes = {"u": (8, 3, 3, 3), "v": (8, 8, 3, 3), "w": (8, 8, 1, 1), "s": (8, 8), "h": (8, 5)}
    nodes = [
        helper.make_node("Conv", ["x", "u"], ["a"], name="c1", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"], name="r1"),
        helper.make_node("Conv", ["b", "v"], ["c"], name="c2", pads=[1] * 4),
        helper.make_node("Sigmoid", ["c"], ["d"], name="gate"),
        helper.make_node("Mul", ["c", "d"], ["e"], name="swish"),
        helper.make_node("Add", ["e", "b"], ["f"], name="shortcut"),
        helper.make_node("Conv", ["f", "w"], ["g"], name="c3"),
        helper.make_node("LeakyRelu", ["g"], ["i"], name="leaky"),
        helper.make_node("GlobalAveragePool", ["i"], ["j"], name="pool"),
        helper.make_node("Flatten", ["j"], ["k"], name="flat"),
        helper.make_node("MatMul", ["k", "s"], ["l"], name="squeeze"),
        helper.make_node("Softmax", ["l"], ["m"], name="soft"),
        helper.make_node("MatMul", ["m", "h"], ["y"], name="head"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])],
        [
            numpy_helper.from_array(RNG.standard_normal(shape).astype(np.float32) / 4, name)
            for name, shape in shapes.items()
        ],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


class Images(CalibrationDataReader):
    """Four of them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.left = [rng.standard_normal((1, 3, 8, 8)).astype(np.float32) for _ in range(4)]

    def get_next(self):
        return {"x": self.left.pop()} if self.left else None


def written(how: str, folder: Path) -> Path:
    """The network as ONNX Runtime writes it."""
    source, target = network(folder / "net.onnx"), folder / f"{how}.onnx"
    logging.disable(logging.ERROR)
    try:
        if how == "dynamic":
            quantize_dynamic(source, target)
        elif how in ("QOperator", "QDQ"):
            quantize_static(source, target, Images(), quant_format=QuantFormat[how])
        else:
            options = ort.SessionOptions()
            level = f"ORT_ENABLE_{how.upper()}"
            options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
            options.optimized_model_filepath = str(target)
            options.log_severity_level = 4
            ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    finally:
        logging.disable(logging.NOTSET)
    return target


@pytest.mark.parametrize("how", ["QOperator", "QDQ", "dynamic", "basic", "extended"])
def test_all_layers_stay_on_the_array(tmp_path, how):
    graph = ss.load(written(how, tmp_path))
    x = np.random.default_rng(2).standard_normal((1, 3, 8, 8)).astype(np.float32)
    result = ss.estimate(ss.execute(graph, {"x": x}))
    assert sorted(layer.macs for layer in result.layers) == sorted(MACS.values())
    assert result.host.mac_coverage == 1
    assert not result.host.mac_coverage_is_bound
    assert graph.reasons == {}


def test_a_layout_of_one_processor_is_named_and_counted(tmp_path):
    path = written("all", tmp_path)
    domains = {node.domain for node in onnx.load(path).graph.node}
    if "com.microsoft.nchwc" not in domains:
        pytest.skip("this processor's ONNX Runtime keeps the layout")
    graph = ss.load(path)
    x = np.random.default_rng(2).standard_normal((1, 3, 8, 8)).astype(np.float32)
    result = ss.estimate(ss.execute(graph, {"x": x}))
    assert result.host.mac_coverage < 0.01
    work = host_work(graph)
    assert work.known_macs >= MACS["c1"] + MACS["c2"] + MACS["c3"]
    assert set(work.reasons.values()) == {
        "its layout is one processor's: ONNX Runtime saved the file at level 'all'; use 'extended'"
    }
