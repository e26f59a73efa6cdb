"""'ai.onnx' is ONNX's own domain by its other name."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError

W = np.arange(12, dtype=np.float32).reshape(4, 3) - 5


def model(imports: list[tuple[str, int]], node_domain: str = "", nested: bool = False):
    product = helper.make_node("MatMul", ["x", "w"], ["a"], name="fc", domain=node_domain)
    value = helper.make_tensor_value_info
    if nested:
        one = [helper.make_node("Relu", ["a"], ["t"], domain=node_domain)]
        branch = helper.make_graph(one, "b", [], [value("t", TensorProto.FLOAT, [2, 3])])
        last = helper.make_node("If", ["k"], ["y"], then_branch=branch, else_branch=branch)
    else:
        last = helper.make_node("Relu", ["a"], ["y"], domain=node_domain)
    inputs = [value("x", TensorProto.FLOAT, [2, 4])]
    inputs += [value("k", TensorProto.BOOL, [])] * nested
    graph = helper.make_graph(
        [product, last],
        "twice",
        inputs,
        [value("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(W, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid(*i) for i in imports])
    made.ir_version = 9
    return made


@pytest.mark.parametrize("imports", [[("ai.onnx", 17)], [("", 17), ("ai.onnx", 17)]])
@pytest.mark.parametrize("node_domain", ["", "ai.onnx"])
@pytest.mark.parametrize("nested", [False, True])
def test_both_spellings_are_one(imports, node_domain, nested, tmp_path):
    graph = ss.load(model(imports, node_domain, nested))
    assert [layer.name for layer in graph.layers] == ["fc"]
    x = np.random.default_rng(0).standard_normal((2, 4)).astype(np.float32)
    feed = {"x": x} | ({"k": np.array(True)} if nested else {})
    sparse = ss.sparsify(graph, ss.Thresholds(activations={"fc": 4.0}))
    from sparsesim.engine.run import Engine

    (y,) = Engine(sparse).run(feed)
    sums = x @ W
    expected = np.maximum(np.where(np.abs(sums) <= 4, 0, sums), 0)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    ss.save(sparse, tmp_path / "m.onnx")
    saved = onnx.load(tmp_path / "m.onnx")
    assert [entry.domain for entry in saved.opset_import if entry.domain in ("", "ai.onnx")] == [""]


def test_one_spelling_in_a_function():
    body = [helper.make_node("Relu", ["a"], ["b"], domain="ai.onnx")]
    function = helper.make_function(
        "own", "F", ["a"], ["b"], body, [helper.make_opsetid("ai.onnx", 17)]
    )
    made = model([("ai.onnx", 17), ("own", 1)])
    made.functions.append(function)
    made.graph.node[1].op_type, made.graph.node[1].domain = "F", "own"
    assert [fused.op for fused in ss.load(made).layers[0].chain] == ["Relu"]


def test_two_versions_are_an_error():
    with pytest.raises(ModelError) as caught:
        ss.load(model([("", 13), ("ai.onnx", 17)]))
    assert str(caught.value) == (
        "twice: not a valid ONNX model: it imports ONNX's operators twice, as '' and as 'ai.onnx', "
        "in opsets 13 and 17; import them once"
    )
