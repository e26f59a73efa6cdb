"""Weights that a model makes of one stored tensor, one of them turned, are stored once."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.cli.show import describe
from sparsesim.graph.blocks import blocks
from sparsesim.graph.tied import METADATA_KEY, stored_in
from sparsesim.sparsity import weight_sparsity

F = np.float32


def node(op: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=output, **attributes)


def loaded(nodes, constants, shape=(3, 4), output=(3, 4)) -> ss.Graph:
    graph = helper.make_graph(
        nodes,
        "tied",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("y", 1, output)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return ss.load(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def values(seed: int, *shape: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.integers(1, 9, shape) * (random.random(shape) < 0.5)).astype(F)


W = values(1, 4, 6)
SQUARE = values(2, 4, 4)
# Each: nodes, constants, the weights as they are stored, the input's lengths.
STORED = {
    "an autoencoder": (
        [node("MatMul", "x w", "a"), node("Transpose", "w", "t"), node("MatMul", "a t", "y")],
        {"w": W}, [W], (3, 4),
    ),
    "by Gemm": (
        [node("Transpose", "w", "t", perm=[1, 0]), node("Gemm", "x w", "a"),
         node("Gemm", "a t", "y")],
        {"w": W}, [W], (3, 4),
    ),
    "of a constant node": (
        [node("Constant", "", "w", value=numpy_helper.from_array(W)), node("MatMul", "x w", "a"),
         node("Transpose", "w", "t"), node("MatMul", "a t", "y")],
        {}, [W], (3, 4),
    ),
    "none reads it as it is stored": (
        [node("Reshape", "w rows", "u"), node("Transpose", "w", "v", perm=[2, 1, 0]),
         node("Squeeze", "v last", "t"), node("MatMul", "x u", "a"), node("MatMul", "a t", "y")],
        {"w": W.reshape(1, 4, 6), "rows": [4, 6], "last": [2]}, [W], (3, 4),
    ),
    "three, one through another": (
        [node("Transpose", "w", "t"), node("Identity", "t", "s"), node("MatMul", "x w", "a"),
         node("MatMul", "a s", "b"), node("MatMul", "b w", "c"), node("MatMul", "c t", "y")],
        {"w": W}, [W], (3, 4),
    ),
    "a convolution of 1 x 1": (
        [node("Unsqueeze", "w ends", "k"), node("Conv", "x k", "a"), node("Transpose", "w", "t"),
         node("Unsqueeze", "t ends", "l"), node("Conv", "a l", "y")],
        {"w": W, "ends": [2, 3]}, [W], (1, 6, 2, 2),
    ),
    "square": (
        [node("MatMul", "x w", "a"), node("Transpose", "w", "t"), node("MatMul", "a t", "y")],
        {"w": SQUARE}, [SQUARE], (3, 4),
    ),
    "equal, but two": (
        [node("MatMul", "x w", "a"), node("Transpose", "u", "t"), node("MatMul", "a t", "y")],
        {"w": W, "u": W.copy()}, [W, W], (3, 4),
    ),
    "a sum between": (
        [node("MatMul", "x w", "a"), node("Add", "w one", "u"), node("Transpose", "u", "t"),
         node("MatMul", "a t", "y")],
        {"w": W, "one": F(1)}, [W, W + 1], (3, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORED)
def test_totals_hold_each_once(name):
    nodes, constants, stored, shape = STORED[name]
    output = (1, 6, 2, 2) if len(shape) == 4 else (3, 4)
    graph = loaded(nodes, constants, shape, output)
    trace = ss.execute(graph, values(9, *shape))
    result = ss.estimate(trace)
    elements = sum(w.size for w in stored)
    zeros = sum(int((w == 0).sum()) for w in stored)
    assert result.totals.weight_storage.dense == 8 * elements
    assert result.totals.weight_sparsity == pytest.approx(zeros / elements)
    table = weight_sparsity(graph, blocks(graph))
    assert (table.model.zeros, table.model.elements) == (zeros, elements)
    shown = describe(graph)
    assert shown["weights"] == elements
    assert shown["weight_sparsity"] == pytest.approx(zeros / elements)
    # Each layer has its weight and reads it.
    assert result.totals.schemes["none"].dram_bits.weight == sum(
        layer.weight_storage.dense for layer in result.layers
    )
    assert all(layer.elements == W.size or name == "square" for layer in table.layers)


def test_a_trace_keeps_it(tmp_path):
    nodes, constants, (w,), shape = STORED["an autoencoder"]
    trace = ss.execute(loaded(nodes, constants), values(9, *shape))
    ss.save_trace(trace, tmp_path / "t.npz")
    again = ss.estimate(ss.load_trace(tmp_path / "t.npz"))
    assert again.totals.weight_storage.dense == 8 * w.size


@pytest.mark.parametrize(
    ("rules", "stored"),
    [
        ({"*": 3.0}, [np.where(W <= 3, F(0), W)]),  # the same elements of both
        ({"y": 3.0}, [W, np.where(W <= 3, F(0), W)]),
        ({"a": 3.0, "y": 5.0}, [np.where(W <= 3, F(0), W), np.where(W <= 5, F(0), W)]),
    ],
)
def test_behind_a_rewrite(rules, stored):
    nodes, constants, _, shape = STORED["an autoencoder"]
    graph = ss.sparsify(loaded(nodes, constants), ss.Thresholds(weights=rules))
    result = ss.estimate(ss.execute(graph, values(9, *shape)))
    elements = sum(w.size for w in stored)
    assert result.totals.weight_storage.dense == 8 * elements
    zeros = sum(int((w == 0).sum()) for w in stored)
    assert result.totals.weight_sparsity == pytest.approx(zeros / elements)


def test_a_saved_model_still_knows(tmp_path):
    nodes, constants, (w,), _ = STORED["an autoencoder"]
    graph = ss.sparsify(loaded(nodes, constants), ss.Thresholds(weights={"*": 3.0}))
    ss.save(graph, tmp_path / "m.onnx")
    assert describe(ss.load(tmp_path / "m.onnx"))["weights"] == w.size


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[1]",
        '{"t": 3}',
        '{"t": ["w", [4, 6], [1, 1]]}',
        '{"t": ["w", [5, 6], [1, 0]]}',
        '{"t": ["w", [4, 6], ["1", 0]]}',
        '{"t": ["w", [-4, -6], [1, 0]]}',
        '{"t": ["w", [4.0, 6], [1, 0]]}',
        '{"t": [["w"], [4, 6], [1, 0]]}',
    ],
)
def test_metadata_that_say_nothing_of_it(said):
    """Anybody may have written them."""
    model = onnx.ModelProto()
    model.metadata_props.add(key=METADATA_KEY, value=said)
    constants = {"w": W, "t": np.ascontiguousarray(W.T)}
    assert stored_in(model, constants, ["w", "t"]) == {"w": "w", "t": "t"}
    model.metadata_props[0].value = '{"t": ["w", [4, 6], [1, 0]]}'
    assert stored_in(model, constants, ["w", "t"]) == {"w": "w", "t": "w"}
