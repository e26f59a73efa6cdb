"""Small models, and running one in our engine and by what it must equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from exact_integers import expected
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sparsesim.engine.run import Engine
from sparsesim.graph import Graph, load
from sparsesim.graph.save import to_model

Arrays = dict[str, NDArray]
FLOAT, INT8, UINT8, INT32 = (
    TensorProto.FLOAT,
    TensorProto.INT8,
    TensorProto.UINT8,
    TensorProto.INT32,
)


def node(op: str, inputs: str, output: str, name: str = "", **attributes) -> onnx.NodeProto:
    """A node; inputs separated by spaces."""
    return helper.make_node(op, inputs.split(), [output], name or output, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    constants: Arrays,
    inputs: dict[str, tuple[int, Sequence]],
    outputs: dict[str, tuple[int, Sequence]],
    opset: int = 17,
) -> onnx.ModelProto:
    """A checked model; inputs and outputs: name -> (type, shape)."""
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info(name, *spec) for name, spec in inputs.items()],
        [helper.make_tensor_value_info(name, *spec) for name, spec in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made


def witnesses(graph: Graph, feed: Arrays) -> list[list[NDArray]]:
    """What the graph's outputs must be, as plain ONNX: `exact_integers.expected`."""
    saved = to_model(graph)
    onnx.checker.check_model(saved, full_check=True)
    return expected(saved, feed)


def run_as_onnx(graph: Graph, feed: Arrays) -> list[NDArray]:
    """The outputs of the graph as plain ONNX: by ONNX Runtime where it is exact, else exactly."""
    return witnesses(graph, feed)[-1]


def differences(graph: Graph, feed: Arrays) -> list[float]:
    """|what each output must be - engine| over the output's range, the largest of all witnesses.

    The engine runs the graph itself and the graph as saved and loaded again.
    """
    told = witnesses(graph, feed)
    reloaded = load(to_model(graph))
    assert [layer.name for layer in reloaded.layers] == [layer.name for layer in graph.layers]
    worst = []
    for engine in (Engine(graph), Engine(reloaded)):
        for got, *wanted in zip(engine.run(feed), *told, strict=True):
            worst.append(max(_difference(want, got) for want in wanted))
    return worst


def _difference(want: NDArray, got: NDArray) -> float:
    assert want.dtype == got.dtype
    want, got = want.astype(np.float64), got.astype(np.float64)
    return float(np.abs(want - got).max() / (np.ptp(want) or 1.0))


def two_layers(rng: np.random.Generator) -> onnx.ModelProto:
    """x -> conv1 -> Relu -> conv2 -> Relu -> y, both 3x3, 4 channels."""
    constants = {
        name: rng.standard_normal((4, 4, 3, 3)).astype(np.float32) for name in ("w1", "w2")
    }
    constants["b1"] = np.full(4, 1e-6, np.float32)
    return model(
        [
            node("Conv", "x w1 b1", "c1", "conv1", pads=[1, 1, 1, 1]),
            node("Relu", "c1", "r1"),
            node("Conv", "r1 w2", "c2", "conv2", pads=[1, 1, 1, 1]),
            node("Relu", "c2", "y"),
        ],
        constants,
        {"x": (FLOAT, ["n", 4, 6, 6])},
        {"y": (FLOAT, ["n", 4, 6, 6])},
    )
