"""Branches that are always taken: their layers keep the names of the file."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

RNG = np.random.default_rng(11)
W, V = (RNG.standard_normal((4, 4)).astype(np.float32) for _ in range(2))
X = RNG.standard_normal((2, 4)).astype(np.float32)


def value(name: str, *shape: int, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def times(source: str, weight: str, name: str = "", output: str = "") -> onnx.NodeProto:
    made = output or f"{name}:t"
    return helper.make_node("MatMul", [source, weight], [made], name=name, doc_string=f"doc {name}")


def branch(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "branch", [], [value(nodes[-1].output[0], 2, 4)])


def choose(condition: str, output: str, then: onnx.GraphProto, other: onnx.GraphProto, name="if"):
    return helper.make_node(
        "If", [condition], [output], name=name, then_branch=then, else_branch=other
    )


def whole(nodes, inputs=(), **constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "branches",
        [value("x", 2, 4), *inputs],
        [value("y", 2, 4)],
        [
            numpy_helper.from_array(np.asarray(array), name)
            for name, array in ({"w": W, "v": V} | constants).items()
        ],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    made = helper.make_model(graph, opset_imports=imports)
    made.ir_version = 9
    onnx.checker.check_model(made)
    return made


def names(model: onnx.ModelProto, expected: np.ndarray) -> list[str]:
    graph = ss.load(model)
    (y,) = Engine(graph).run({"x": X})
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    found = [node.name for node in graph.model.graph.node]
    assert len(set(found)) == len(found)
    return [layer.name for layer in graph.layers]


@pytest.mark.parametrize("taken,expected", [(True, X @ W @ W), (False, X @ W @ V)])
def test_a_constant_condition(taken, expected):
    then, other = branch(times("a", "w", "then")), branch(times("a", "v", "else"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, other)]
    which = "then" if taken else "else"
    assert names(whole(nodes, k=np.bool_(taken)), expected) == ["c", which]


def test_the_same_name_in_both_branches():
    then, other = branch(times("a", "w", "ct")), branch(times("a", "v", "ct"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, other)]
    assert names(whole(nodes, k=np.bool_(False)), X @ W @ V) == ["c", "ct"]


def test_a_name_that_the_graph_around_has_gets_the_ifs_in_front():
    then = branch(times("a", "w", "c"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, then)]
    assert names(whole(nodes, k=np.bool_(True)), X @ W @ W) == ["c", "if/c"]


def test_two_ifs_of_the_same_branch():
    one, two = branch(times("a", "w", "same")), branch(times("b", "v", "same"))
    nodes = [times("x", "w", "c", "a"), choose("k", "b", one, one, "if1")]
    nodes += [choose("k", "y", two, two, "if2")]
    assert names(whole(nodes, k=np.bool_(True)), X @ W @ W @ V) == ["c", "same", "if2/same"]


def test_a_branch_within_a_branch():
    inner = branch(times("a", "v", "inner"))
    then = branch(choose("k", "t", inner, inner, "nested"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, branch(times("a", "w", "e")))]
    assert names(whole(nodes, k=np.bool_(True)), X @ W @ V) == ["c", "inner"]


def test_a_condition_that_only_folding_makes_constant():
    """The condition of the inner If is made of shapes, in the branch of the outer one."""
    inner = branch(times("a", "v", "inner"))
    then = branch(
        helper.make_node("Shape", ["a"], ["shape"]),
        helper.make_node("ReduceProd", ["shape"], ["elements"], keepdims=0),
        helper.make_node("Equal", ["elements", "eight"], ["is"]),
        choose("is", "t", inner, branch(times("a", "w", "wrong")), "nested"),
    )
    nodes = [
        times("x", "w", "c", "a"),
        helper.make_node("Not", ["k"], ["n"]),
        choose("n", "y", branch(times("a", "w", "e")), then),
    ]
    model = whole(nodes, k=np.bool_(True), eight=np.int64(8))
    assert names(model, X @ W @ V) == ["c", "inner"]


def test_a_node_without_a_name_is_called_by_its_output():
    then = branch(times("a", "v", "", "t"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, then)]
    assert names(whole(nodes, k=np.bool_(True)), X @ W @ V) == ["c", "t"]


def test_documentation_and_names_of_branches_that_stay():
    then = branch(times("a", "v", "inner"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, then)]
    graph = ss.load(whole(nodes, [value("k", kind=TensorProto.BOOL)]))
    (staying,) = (node for node in graph.model.graph.node if node.op_type == "If")
    inside = staying.attribute[0].g.node[0]
    assert (inside.name, inside.doc_string) == ("inner", "doc inner")


def test_contrib_operators_in_a_branch_become_layers():
    fused = helper.make_node(
        "FusedMatMul", ["a", "v"], ["t"], name="fused", domain="com.microsoft", alpha=2.0
    )
    then = branch(fused)
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, then)]
    assert names(whole(nodes, k=np.bool_(True)), 2 * (X @ W @ V)) == ["c", "fused"]


def test_a_layer_in_a_branch_is_found_by_its_name():
    then = branch(times("a", "w", "ct"))
    nodes = [times("x", "w", "c", "a"), choose("k", "y", then, then)]
    graph = ss.load(whole(nodes, k=np.bool_(True)))
    assert graph.layer("ct").name == "ct"
    sparse = ss.sparsify(graph, ss.Thresholds(weights={"ct": 9.0}))
    assert ss.execute(sparse, {"x": X}).images[0].outputs[0].any() == np.False_
    with pytest.raises(ModelError):
        graph.layer("if")
