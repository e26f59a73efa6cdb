"""Sparse tensors against the dense ones that they stand for: NumPy puts the values in place."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError

RNG = np.random.default_rng(7)


def coo(dense: np.ndarray, name: str, rank: int) -> onnx.SparseTensorProto:
    """A tensor in ONNX's COO form, its indices flat (rank 1) or by coordinates (2)."""
    where = np.argwhere(dense) if rank == 2 else np.flatnonzero(dense)
    return helper.make_sparse_tensor(
        numpy_helper.from_array(dense[dense != 0], name),
        numpy_helper.from_array(where.astype(np.int64), f"{name}:indices"),
        dense.shape,
    )


def value(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def whole(nodes, inputs, outputs, constants=(), sparse=(), functions=()) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes, "g", inputs, outputs, constants, sparse_initializer=list(sparse)
    )
    imports = [helper.make_opsetid("", 17), *([helper.make_opsetid("own", 1)] if functions else [])]
    made = helper.make_model(graph, opset_imports=imports, functions=functions)
    made.ir_version = 9
    onnx.checker.check_model(made)
    return made


def thinned(*shape: int, density: float = 0.3, dtype=np.float32) -> np.ndarray:
    values = (RNG.standard_normal(shape) * 9).astype(dtype)
    return values * (RNG.random(shape) < density)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_a_sparse_initialiser_is_the_dense_weight(rank, density):
    w, x = thinned(6, 5, density=density), RNG.standard_normal((3, 6)).astype(np.float32)
    if density == 0:
        w[:] = 0
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")]
    model = whole(nodes, [value("x", 3, 6)], [value("y", 3, 5)], sparse=[coo(w, "w", rank)])
    graph = ss.load(model)
    np.testing.assert_array_equal(graph.weight(graph.layer("fc")), w)
    trace = ss.execute(graph, {"x": x})
    np.testing.assert_allclose(trace.images[0].outputs[0], x @ w, rtol=1e-5, atol=1e-6)
    layer = ss.estimate(trace).layers[0]
    assert layer.macs == 3 * 6 * 5
    assert layer.weight_sparsity == pytest.approx((w == 0).mean())
    assert layer.effectual_macs == int(((x != 0).astype(int) @ (w != 0).astype(int)).sum())


@pytest.mark.parametrize("rank", [1, 2])
def test_sparse_integers_of_a_quantised_layer(rank):
    w = thinned(4, 3, dtype=np.float32).astype(np.int8)
    scales = {"s": np.float32(0.5), "z": np.uint8(3), "t": np.float32(0.25), "o": np.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["a"]),
        helper.make_node("DequantizeLinear", ["w", "t", "o"], ["b"]),
        helper.make_node("MatMul", ["a", "b"], ["y"], name="fc"),
    ]
    constants = [numpy_helper.from_array(np.array(v), k) for k, v in scales.items()]
    model = whole(
        nodes, [value("x", 2, 4)], [value("y", 2, 3)], constants, sparse=[coo(w, "w", rank)]
    )
    graph = ss.load(model)
    assert graph.layer("fc").is_integer
    np.testing.assert_array_equal(graph.weight(graph.layer("fc")), w)


@pytest.mark.parametrize("rank", [1, 2])
def test_a_sparse_value_of_a_constant(rank):
    w = thinned(2, 3, 3, 3)
    nodes = [
        helper.make_node("Constant", [], ["w"], sparse_value=coo(w, "any", rank)),
        helper.make_node("Conv", ["x", "w"], ["y"], name="c"),
    ]
    graph = ss.load(whole(nodes, [value("x", 1, 3, 5, 5)], [value("y", 1, 2, 3, 3)]))
    np.testing.assert_array_equal(graph.weight(graph.layer("c")), w)


def test_in_a_branch_and_in_a_function():
    w, v = thinned(4, 4), thinned(4, 4)
    branches = {}
    for name, sparse in (("then_branch", coo(w, "w", 1)), ("else_branch", coo(v, "v", 2))):
        tensor = sparse.values.name
        branches[name] = helper.make_graph(
            [helper.make_node("MatMul", ["x", tensor], [f"{name}:y"], name=name)],
            name,
            [],
            [value(f"{name}:y", 2, 4)],
            sparse_initializer=[sparse],
        )
    inside = [
        helper.make_node("Constant", [], ["k"], sparse_value=coo(w, "k", 2)),
        helper.make_node("MatMul", ["a", "k"], ["b"], name="inside"),
    ]
    function = helper.make_function(
        "own", "Times", ["a"], ["b"], inside, [helper.make_opsetid("", 17)]
    )
    nodes = [
        helper.make_node("If", ["c"], ["y"], name="if", **branches),
        helper.make_node("Times", ["y"], ["z"], name="times", domain="own"),
    ]
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    model = whole(nodes, [value("x", 2, 4), condition], [value("z", 2, 4)], functions=[function])
    graph = ss.load(model)
    x = RNG.standard_normal((2, 4)).astype(np.float32)
    from sparsesim.engine.run import Engine

    for choice, weight in ((True, w), (False, v)):
        (y,) = Engine(graph).run({"x": x, "c": np.array(choice)})
        np.testing.assert_allclose(y, x @ weight @ w, rtol=1e-4, atol=1e-4)
    assert [np.array_equal(graph.weight(layer), w) for layer in graph.layers] == [True]


def given(values, indices, dims) -> onnx.ModelProto:
    sparse = onnx.SparseTensorProto()
    sparse.values.CopyFrom(numpy_helper.from_array(np.asarray(values), "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.asarray(indices), "i"))
    sparse.dims.extend(dims)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")]
    graph = helper.make_graph(
        nodes, "bad", [value("x", 1, 2)], [value("y", 1, 3)], sparse_initializer=[sparse]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


FLOATS = np.ones(2, np.float32)


@pytest.mark.parametrize(
    "values,indices,dims,line",
    [
        (FLOATS, [0, 6], [2, 3], "index 6 is out of range; use 0 to 5"),
        (FLOATS, [-1, 2], [2, 3], "index -1 is out of range; use 0 to 5"),
        (FLOATS, [[0, 1], [1, 3]], [2, 3], "index 3 is out of range; use 0 to 2"),
        (FLOATS, [4, 1], [2, 3], "its indices are not sorted at position 1; sort them, each once"),
        (
            FLOATS,
            [[1, 0], [0, 2]],
            [2, 3],
            "its indices are not sorted at position 1; sort them, each once",
        ),
        (FLOATS, [1, 1], [2, 3], "its indices are repeated at position 1; sort them, each once"),
        (FLOATS, [0, 1, 2], [2, 3], "its indices have the shape [3]; use [2] or [2, 2]"),
        (FLOATS, np.array([0, 1], np.int32), [2, 3], "its indices are int32; use int64"),
        (FLOATS[:, None], [0, 1], [2, 3], "its values have the shape [2, 1]; give a list"),
    ],
)
def test_bad_ones_are_one_line(values, indices, dims, line):
    if not isinstance(indices, np.ndarray):
        indices = np.array(indices, np.int64)
    with pytest.raises(ModelError) as caught:
        ss.load(given(values, indices, dims))
    assert str(caught.value) == f"bad: sparse tensor 'w': {line}"


@pytest.mark.parametrize(
    "dims,line",
    [
        ([2, -3], "has the shape [2, -3]; give lengths from 0"),
        ([], "has the shape []; give lengths from 0"),
        (
            [1 << 40, 3],
            "would have 3,298,534,883,328 elements; use at most 1,073,741,824",
        ),
    ],
)
def test_lengths_that_cannot_be(dims, line):
    with pytest.raises(ModelError) as caught:
        ss.load(given(FLOATS, np.array([0, 1], np.int64), dims))
    assert str(caught.value) == f"bad: sparse tensor 'w' {line}"


def test_data_that_do_not_fit():
    model = given(FLOATS, np.array([0, 1], np.int64), [2, 3])
    model.graph.sparse_initializer[0].values.raw_data = b"\0"
    with pytest.raises(ModelError) as caught:
        ss.load(model)
    line = "bad: sparse tensor 'w': its data do not fit its type and lengths"
    assert str(caught.value) == line


def test_external_data_of_a_sparse_tensor(tmp_path):
    w = thinned(6, 5)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")]
    model = whole(nodes, [value("x", 3, 6)], [value("y", 3, 5)], sparse=[coo(w, "w", 1)])
    values = model.graph.sparse_initializer[0].values
    (tmp_path / "w.bin").write_bytes(values.raw_data)
    values.ClearField("raw_data")
    values.data_location = TensorProto.EXTERNAL
    values.external_data.add(key="location", value="w.bin")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    graph = ss.load(tmp_path / "m.onnx")
    np.testing.assert_array_equal(graph.weight(graph.layer("fc")), w)
