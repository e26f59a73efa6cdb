"""Recurrent operators on nothing, on which ONNX Runtime ends the process: one line before it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

GATES = {"LSTM": 4, "GRU": 3}


def value(name: str, *shape, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def whole(nodes, inputs, op: str = "GRU", **constants) -> onnx.ModelProto:
    rows = GATES[op] * 2
    constants = {"w": np.ones((1, rows, 3), "f4"), "r": np.ones((1, rows, 2), "f4")} | constants
    listed = {entry.name for entry in inputs}
    graph = helper.make_graph(
        nodes,
        "empty",
        inputs,
        [value("y", "t", 1, "n", 2)],
        [numpy_helper.from_array(a, n) for n, a in constants.items() if n not in listed],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


def node(op: str, source: str = "x", output: str = "y") -> onnx.NodeProto:
    return helper.make_node(op, [source, "w", "r"], [output], name="cell", hidden_size=2)


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 2, 3), (0, 0, 3)])
def test_a_declared_empty_input(op, shape):
    with pytest.raises(ModelError) as caught:
        ss.load(whole([node(op)], [value("x", *shape)], op))
    assert str(caught.value) == (
        f"empty: 'x' is {list(shape)}, and ONNX Runtime runs no {op} on an empty tensor; give it "
        "lengths of 1 and up"
    )


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
def test_an_empty_constant_is_not_folded(op):
    made = whole([node(op)], [value("k", 1)], op, x=np.ones((2, 0, 3), "f4"))
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    assert str(caught.value) == (
        f"empty: 'x' is [2, 0, 3], and ONNX Runtime runs no {op} on an empty tensor; give it "
        "lengths of 1 and up"
    )


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 2, 3)])
def test_on_the_host(op, shape):
    """R is an input: so the node stays on the host. What comes before it may be empty, too."""
    rows = GATES[op] * 2
    nodes = [helper.make_node("Exp", ["x"], ["e"]), node(op, "e")]
    graph = ss.load(whole(nodes, [value("x", "t", "n", 3), value("r", 1, rows, 2)], op))
    assert graph.layers == ()
    feed = {"x": np.ones(shape, "f4"), "r": np.ones((1, rows, 2), "f4")}
    with pytest.raises(ModelError) as caught:
        Engine(graph).run(feed)
    assert str(caught.value) == (
        f"empty: 'e' is {list(shape)}, and ONNX Runtime runs no {op} on an empty tensor; give it "
        "lengths of 1 and up"
    )
    (y,) = Engine(graph).run({**feed, "x": np.ones((2, 1, 3), "f4")})
    assert y.shape == (2, 1, 1, 2)


def test_in_a_branch():
    branch = helper.make_graph([node("GRU", "x", "t")], "b", [], [value("t", "t", 1, "n", 2)])
    nodes = [
        helper.make_node("If", ["c"], ["y"], name="if", then_branch=branch, else_branch=branch)
    ]
    graph = ss.load(whole(nodes, [value("x", "t", "n", 3), value("c", kind=TensorProto.BOOL)]))
    with pytest.raises(ModelError) as caught:
        Engine(graph).run({"x": np.ones((2, 0, 3), "f4"), "c": np.array(True)})
    assert str(caught.value) == (
        "empty: 'x' is [2, 0, 3], and ONNX Runtime runs no GRU on an empty tensor; give it lengths "
        "of 1 and up"
    )


def test_on_the_array_nothing_gives_nothing():
    graph = ss.load(whole([node("GRU")], [value("x", "t", "n", 3)]))
    assert len(graph.layers) == 2
    (y,) = Engine(graph).run({"x": np.ones((2, 0, 3), "f4")})
    assert y.shape == (2, 1, 0, 2)
