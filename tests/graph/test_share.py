"""What a model makes of one constant twice in the same way becomes one constant."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss

W = np.arange(16, dtype=np.float32).reshape(4, 4)


def node(op: str, inputs: str, outputs: str, **attributes) -> onnx.NodeProto:
    names = outputs.split()
    return helper.make_node(op, inputs.split(), names, name=names[0], **attributes)


def loaded(nodes, constants, outputs=("y",)) -> ss.Graph:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [3, 4])],
        [helper.make_tensor_value_info(name, 1, [None, 4]) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return ss.load(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    )


PRODUCTS = [node("MatMul", "x u", "a"), node("MatMul", "a v", "y")]
TWICE = {
    "Transpose": ({"perm": [1, 0]}, "w", {"w": W}),
    "Transpose, no attribute": ({}, "w", {"w": W}),
    "Reshape": ({}, "w shape", {"w": W.reshape(16), "shape": np.array([4, 4])}),
    "Cast": ({"to": TensorProto.FLOAT}, "w", {"w": W.astype(np.int8)}),
    "DequantizeLinear": ({}, "w s", {"w": W.astype(np.int8), "s": np.float32(0.5)}),
}


@pytest.mark.parametrize("name", TWICE)
def test_the_same_node_twice_makes_one_weight(name):
    attributes, inputs, constants = TWICE[name]
    op = name.split(",")[0]
    made = [node(op, inputs, "u", **attributes), node(op, inputs, "v", **attributes)]
    graph = loaded([*made, *PRODUCTS], constants)
    assert [layer.name for layer in graph.layers] == ["a", "y"]
    assert len({layer.weight for layer in graph.layers}) == 1
    x = np.arange(12, dtype=np.float32).reshape(3, 4) / 8
    weight = graph.constants[graph.layers[0].weight]
    (y,) = ss.execute(graph, x).images[0].outputs
    np.testing.assert_allclose(y, x @ weight @ weight, rtol=1e-6)


def test_chains_of_nodes():
    made = [
        node("Transpose", "w", "t1"), node("Transpose", "w", "t2"),
        node("Reshape", "t1 shape", "u"), node("Reshape", "t2 shape", "v"),
    ]  # fmt: skip
    graph = loaded([*made, *PRODUCTS], {"w": W, "shape": np.array([4, 4])})
    assert len({layer.weight for layer in graph.layers}) == 1


def test_other_nodes_make_other_weights():
    constants = {"w": W, "shape": np.array([4, 4])}
    for first, second in (
        (node("Transpose", "w", "u"), node("Reshape", "w shape", "v")),
        (node("Transpose", "w", "u", perm=[1, 0]), node("Transpose", "w", "v", perm=[0, 1])),
        (node("Transpose", "w", "u"), node("Transpose", "same", "v")),  # equal values only
    ):
        graph = loaded([first, second, *PRODUCTS], {**constants, "same": W})
        assert len({layer.weight for layer in graph.layers}) == 2


def test_what_is_an_output_or_captured_stays():
    twins = [node("Transpose", "w", "u"), node("Transpose", "w", "v")]
    graph = loaded([*twins, *PRODUCTS], {"w": W}, outputs=("y", "v"))
    assert graph.outputs == ("y", "v")
    branches = [
        helper.make_graph(
            [node(op, "a v", "r")], op, [], [helper.make_tensor_value_info("r", 1, [None, 4])]
        )
        for op in ("Add", "Sub")
    ]
    nodes = [
        *twins,
        node("Gather", "x zero", "first"),
        node("ReduceMax", "first", "top", keepdims=0),
        node("Greater", "top limit", "larger"),
        node("Expand", "first shape", "a"),
        node("MatMul", "x u", "z"),
    ]
    choice = helper.make_node("If", ["larger"], ["b"], "if")
    for key, branch in zip(("then_branch", "else_branch"), branches, strict=True):
        choice.attribute.append(helper.make_attribute(key, branch))
    nodes += [choice, node("MatMul", "z b", "y")]
    constants = {
        "w": W, "zero": np.array([0]), "limit": np.float32(0), "shape": np.array([4, 4]),
    }  # fmt: skip
    graph = loaded(nodes, constants)
    for sign in (1, -1):
        x = sign * (np.arange(12, dtype=np.float32).reshape(3, 4) + 1)
        (y,) = ss.execute(graph, x).images[0].outputs
        np.testing.assert_allclose(y, x @ W.T @ (np.stack([x[0]] * 4) + sign * W.T), rtol=1e-6)
