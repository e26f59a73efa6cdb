"""Inputs that are fixed become constants, and what hangs on them is folded."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

RNG = np.random.default_rng(3)
W = RNG.standard_normal((4, 3)).astype(np.float32)
V = RNG.standard_normal((4, 3)).astype(np.float32)
X = RNG.standard_normal((2, 4)).astype(np.float32)


def value(name: str, kind: int, shape: list | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def branched() -> onnx.ModelProto:
    """x times w where the rate is 16000, else times v."""
    branches = {
        key: helper.make_graph(
            [helper.make_node("MatMul", ["x", weight], [f"{key}:y"], name=f"by_{weight}")],
            key,
            [],
            [value(f"{key}:y", TensorProto.FLOAT, [2, 3])],
        )
        for key, weight in (("then_branch", "w"), ("else_branch", "v"))
    }
    nodes = [
        helper.make_node("Equal", ["sr", "sixteen"], ["is"]),
        helper.make_node("If", ["is"], ["y"], name="if", **branches),
    ]
    constants = {"w": W, "v": V, "sixteen": np.int64(16000)}
    graph = helper.make_graph(
        nodes,
        "rate",
        [value("x", TensorProto.FLOAT, [2, 4]), value("sr", TensorProto.INT64, [])],
        [value("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


@pytest.mark.parametrize("rate,weight", [(16000, W), (8000, V)])
def test_an_if_is_resolved_by_a_fixed_input(rate, weight, tmp_path):
    assert ss.load(branched()).layers == ()
    graph = ss.load(branched(), fixed={"sr": rate})
    assert [value.name for value in graph.inputs] == ["x"]
    trace = ss.execute(graph, {"x": X})
    np.testing.assert_allclose(trace.images[0].outputs[0], X @ weight, rtol=1e-5)
    # the model as loaded, which still takes the rate, gives the same
    np.testing.assert_allclose(trace.images[0].reference[0], X @ weight, rtol=1e-5)
    result = ss.estimate(trace)
    assert result.layers[0].macs == 2 * 4 * 3
    assert result.model.rewrites == (f"sr fixed at {rate}",)
    ss.save(graph, tmp_path / "fixed.onnx")
    assert [value.name for value in onnx.load(tmp_path / "fixed.onnx").graph.input] == ["x"]


def one(kind: int, shape: list | None) -> onnx.ModelProto:
    """An input k of any type beside a layer."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"], name="fc"),
        helper.make_node("Identity", ["k"], ["z"]),
    ]
    graph = helper.make_graph(
        nodes,
        "one",
        [value("x", TensorProto.FLOAT, [2, 4]), value("k", kind, shape)],
        [value("y", TensorProto.FLOAT, [2, 3]), value("z", kind, shape)],
        [numpy_helper.from_array(W, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


@pytest.mark.parametrize(
    "kind,shape,given,expected",
    [
        (TensorProto.INT64, [], 16000, np.int64(16000)),
        (TensorProto.INT32, [1], 7, np.array([7], np.int32)),
        (TensorProto.FLOAT, [3], [1, 2.5, -3], np.array([1, 2.5, -3], np.float32)),
        (TensorProto.FLOAT, ["n"], [1, 2], np.array([1, 2], np.float32)),
        (TensorProto.FLOAT, [2, "n"], [1, 2, 3, 4], np.array([[1, 2], [3, 4]], np.float32)),
        (TensorProto.FLOAT, ["n", 1], 2, np.array([[2]], np.float32)),
        (TensorProto.FLOAT16, [], 0.1, np.float16(0.1)),
        (TensorProto.UINT8, [2], [0, 255], np.array([0, 255], np.uint8)),
        (TensorProto.BOOL, [], True, np.bool_(True)),
        (TensorProto.BOOL, [2], [0, 1], np.array([False, True])),
        (TensorProto.INT64, [], -5, np.int64(-5)),
        (TensorProto.INT64, [], 2**53 + 1, np.int64(2**53 + 1)),
        (TensorProto.FLOAT, [1, 2], np.array([[1, 2]], np.float32), np.array([[1, 2]], "f4")),
    ],
)
def test_types_and_shapes(kind, shape, given, expected):
    graph = ss.load(one(kind, shape), fixed={"k": given})
    (_, z) = Engine(graph).run({"x": X})
    assert z.dtype == np.asarray(expected).dtype
    assert z.shape == np.asarray(expected).shape
    np.testing.assert_array_equal(z, expected)


@pytest.mark.parametrize(
    "kind,shape,fixed,line",
    [
        (TensorProto.INT64, [], {"kk": 1}, "no input 'kk' to fix; did you mean 'k'?"),
        (TensorProto.INT64, [], {"w": 1}, "no input 'w' to fix; use one of x, k"),
        (
            TensorProto.INT64,
            [],
            {"k": 1.5},
            "input 'k' is int64; it is fixed at 1.5; use whole numbers from -9223372036854775808 "
            "to 9223372036854775807",
        ),
        (
            TensorProto.UINT8,
            [],
            {"k": 256},
            "input 'k' is uint8; it is fixed at 256; use whole numbers from 0 to 255",
        ),
        (
            TensorProto.FLOAT16,
            [],
            {"k": 1e6},
            "input 'k' is float16; it is fixed at 1000000.0; use numbers that float16 holds",
        ),
        (TensorProto.BOOL, [], {"k": 2}, "input 'k' is bool; it is fixed at 2; use 0 to 1"),
        (
            TensorProto.FLOAT,
            [],
            {"k": float("nan")},
            "input 'k' is fixed at nan; use finite numbers",
        ),
        (TensorProto.FLOAT, [], {"k": "a"}, "input 'k' is fixed at 'a'; give numbers"),
        (
            TensorProto.FLOAT,
            [3],
            {"k": [1, 2]},
            "input 'k' is fixed at 2 numbers; the model takes [3]",
        ),
        (TensorProto.FLOAT, [3], {"k": 1}, "input 'k' is fixed at 1 numbers; the model takes [3]"),
        (
            TensorProto.FLOAT,
            [2, "n"],
            {"k": [1, 2, 3]},
            "input 'k' is fixed at 3 numbers; the model takes [2, any]",
        ),
        (
            TensorProto.FLOAT,
            [2, 2],
            {"k": np.ones((1, 4), np.float32)},
            "input 'k' is fixed at [1, 4]; the model takes [2, 2]",
        ),
        (
            TensorProto.STRING,
            [],
            {"k": 1},
            "input 'k' holds no numbers; only tensors of numbers can be fixed",
        ),
        (
            TensorProto.COMPLEX64,
            [],
            {"k": 1},
            "input 'k' is of type complex64; only real numbers can be fixed",
        ),
    ],
)
def test_what_cannot_be_fixed(kind, shape, fixed, line):
    with pytest.raises(ModelError) as caught:
        ss.load(one(kind, shape), fixed=fixed)
    assert str(caught.value) == f"one: {line}"


@pytest.mark.parametrize("ir", [3, 9])
@pytest.mark.parametrize("opset", [12, 17])
def test_listed_initialisers_are_constants(ir, opset):
    """A weight that is computed from an initialiser that may be overridden is a weight."""
    nodes = [
        helper.make_node("Transpose", ["t"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["a"], name="fc"),
        helper.make_node("Mul", ["a", "scale"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "listed",
        [
            value("x", TensorProto.FLOAT, [2, 4]),
            value("t", TensorProto.FLOAT, [3, 4]),
            value("scale", TensorProto.FLOAT, [1]),
        ],
        [value("y", TensorProto.FLOAT, [2, 3])],
        [
            numpy_helper.from_array(np.ascontiguousarray(W.T), "t"),
            numpy_helper.from_array(np.array([2], np.float32), "scale"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = ir
    loaded = ss.load(made)
    np.testing.assert_array_equal(loaded.weight(loaded.layer("fc")), W)
    assert [i.name for i in loaded.inputs] == ["x"]
    assert loaded.shapes["a"] == (2, 3)
    (y,) = Engine(loaded).run({"x": X})
    np.testing.assert_allclose(y, 2 * (X @ W), rtol=1e-5)
    # and its default is what --fix changes
    (y,) = Engine(ss.load(made, fixed={"scale": 3})).run({"x": X})
    np.testing.assert_allclose(y, 3 * (X @ W), rtol=1e-5)
