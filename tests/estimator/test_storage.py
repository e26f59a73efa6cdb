"""Sizes of operands by format against those of an estimate in each format."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.estimator.storage import storage
from sparsesim.formats import FORMATS


def network() -> onnx.ModelProto:
    """A convolution, and a product of two computed operands behind it."""
    random = np.random.default_rng(0)
    weight = random.normal(size=(5, 3, 3, 3)).astype(np.float32)
    weight[np.abs(weight) < 0.7] = 0
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["r", "t"], ["y"], "product"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 8, 8])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("changes", [{}, {"run_bits": 2, "value_bits": 5}])
def test_sizes_are_those_of_an_estimate(name, changes, tmp_path):
    onnx.save(network(), tmp_path / "m.onnx")
    images = np.random.default_rng(1).normal(size=(3, 3, 8, 6)).astype(np.float32)
    images[np.abs(images) < 0.5] = 0
    trace = ss.execute(ss.load(tmp_path / "m.onnx"), {"x": images})
    accelerator = ss.Accelerator(activation_format=name, weight_format=name, **changes)
    result = ss.estimate(trace, accelerator)
    found = storage(trace, ss.Accelerator(**changes))
    assert [size.name for size in found] == ["conv", "product"]
    for size, layer in zip(found, result.layers, strict=True):
        assert size.activation[name] * 3 == pytest.approx(layer.activation_storage.encoded)
        times = 1 if layer.name == "conv" else 3
        assert size.weight[name] * times == pytest.approx(layer.weight_storage.encoded)
