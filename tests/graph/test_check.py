"""Operators that ONNX Runtime adds to ONNX's own domain: it takes them, onnx's checker does not."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

RNG = np.random.default_rng(2)
W, V = (RNG.standard_normal((4, 4)).astype(np.float32) for _ in range(2))
G = RNG.standard_normal(4).astype(np.float32)
X = RNG.standard_normal((3, 4)).astype(np.float32)


def model(op: str, names: list[str], opset: int, nested: bool = False, **attributes):
    """x w, the operator, then v: (3, 4) throughout."""
    value = helper.make_tensor_value_info
    middle = helper.make_node(op, names, ["n"], name="middle", **attributes)
    inputs = [value("x", TensorProto.FLOAT, [3, 4])]
    if nested:
        middle.output[0] = "t"
        branch = helper.make_graph([middle], "b", [], [value("t", TensorProto.FLOAT, [3, 4])])
        middle = helper.make_node("If", ["c"], ["n"], then_branch=branch, else_branch=branch)
        inputs.append(value("c", TensorProto.BOOL, []))
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
            middle,
            helper.make_node("MatMul", ["n", "v"], ["y"], name="second"),
        ],
        "own",
        inputs,
        [value("y", TensorProto.FLOAT, [3, 4])],
        [numpy_helper.from_array(a, n) for n, a in {"w": W, "v": V, "g": G}.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    return made


def rms(a):
    return a / np.sqrt((a * a).mean(-1, keepdims=True) + 1e-5) * G


def layer_norm(a):
    return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5) * G


@pytest.mark.parametrize(
    "op,opset,expected",
    [
        ("SimplifiedLayerNormalization", 13, rms),
        ("SimplifiedLayerNormalization", 17, rms),
        ("SimplifiedLayerNormalization", 21, rms),
        ("LayerNormalization", 13, layer_norm),
        ("LayerNormalization", 17, layer_norm),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_normalisation_without_a_domain(op, opset, expected, nested, tmp_path):
    made = model(op, ["a", "g"], opset, nested, axis=-1, epsilon=1e-5)
    graph = ss.load(made)
    assert [layer.name for layer in graph.layers] == ["first", "second"]
    feed = {"x": X} | ({"c": np.array(True)} if nested else {})
    (y,) = Engine(graph).run(feed)
    np.testing.assert_allclose(y, expected(X @ W) @ V, rtol=1e-4, atol=1e-4)
    ss.save(ss.sparsify(graph, ss.Thresholds(weights={"first": 0.1})), tmp_path / "m.onnx")
    assert [layer.name for layer in ss.load(tmp_path / "m.onnx").layers] == ["first", "second"]


def test_scaled_tanh():
    graph = ss.load(model("ScaledTanh", ["a"], 9, alpha=2.0, beta=0.5))
    (y,) = Engine(graph).run({"x": X})
    np.testing.assert_allclose(y, (2 * np.tanh(0.5 * (X @ W))) @ V, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("op", ["Frobnicate", "SkipLayerNormalization"])
def test_what_neither_knows_stays_an_error(op):
    with pytest.raises(ModelError) as caught:
        ss.load(model(op, ["a", "g"], 17))
    line = f"own: not a valid ONNX model: No Op registered for {op} with domain_version of 17 "
    assert str(caught.value).startswith(line)


def test_what_is_wrong_beside_them_is_still_found():
    made = model("SimplifiedLayerNormalization", ["a", "g"], 17)
    made.graph.node[0].ClearField("op_type")
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    assert "op_type" in str(caught.value)
    onnx.checker.check_model(model("LayerNormalization", ["a", "g"], 17))
