"""float16 models stay float16; NumPy says what they compute."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError
from sparsesim.graph.quantize import quantize
from sparsesim.graph.save import to_model

RNG = np.random.default_rng(5)
HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT


def half(*shape: int, scale: float = 1.0) -> np.ndarray:
    return (RNG.standard_normal(shape) * scale).astype(np.float16)


def value(name: str, kind: int, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def whole(nodes, inputs, outputs, opset=17, **constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "half",
        inputs,
        outputs,
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 9
    onnx.checker.check_model(made, full_check=True)
    return made


def node(op, inputs, output, name="", **attributes):
    return helper.make_node(op, inputs.split(), [output], name or output, **attributes)


def rounded(x) -> np.ndarray:
    """Through float16, as every node of a float16 model gives it."""
    return np.asarray(x, np.float64).astype(np.float16).astype(np.float64)


def product(x, w) -> np.ndarray:
    return rounded(x.astype(np.float64) @ w.astype(np.float64))


W, V, B = half(8, 6), half(6, 4), half(6)
X = half(3, 8)


def check(model, expected, layers, feed=None, tolerance=2e-3):
    """Types stay; outputs are near the expected ones; saved and loaded it is the same."""
    graph = ss.load(model)
    assert [layer.name for layer in graph.layers] == layers
    for layer in graph.layers:
        assert graph.types[layer.output] == graph.types[layer.activation] == np.float16
        assert graph.weight(layer).dtype == np.float16
    assert not [n for n in graph.model.graph.node if n.name.startswith("Inserted")]
    feed = feed or {"x": X}
    (y,) = Engine(graph).run(feed)
    kind = model.graph.output[0].type.tensor_type.elem_type
    assert y.dtype == helper.tensor_dtype_to_np_dtype(kind)
    np.testing.assert_allclose(y.astype(np.float64), expected, rtol=tolerance, atol=tolerance)
    (again,) = Engine(ss.load(to_model(graph))).run(feed)
    np.testing.assert_array_equal(again, y)
    return graph


def test_products_and_activations():
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("Sigmoid", "a", "s"),
        node("MatMul", "s v", "y", "second"),
    ]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V)
    expected = product(rounded(1 / (1 + np.exp(-product(X, W)))), V)
    check(model, expected, ["first", "second"])


def test_a_product_with_a_bias():
    nodes = [node("Gemm", "x w b", "a", "fc"), node("Relu", "a", "y")]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 6)], w=W, b=B)
    exact = X.astype(np.float64) @ W.astype(np.float64) + B.astype(np.float64)
    check(model, np.maximum(rounded(exact), 0), ["fc"])


def test_batch_normalisation_is_folded_in_half():
    k = half(4, 2, 3, 3)
    factors = {
        "scale": np.array([1, 0.5, 2, 1.5], np.float16),
        "shift": half(4),
        "mean": half(4),
        "variance": np.array([1, 4, 0.25, 1], np.float16),
    }
    nodes = [
        node("Conv", "x k", "a", "conv"),
        node("BatchNormalization", "a scale shift mean variance", "y", epsilon=0.0),
    ]
    model = whole(
        nodes, [value("x", HALF, 1, 2, 5, 5)], [value("y", HALF, 1, 4, 3, 3)], k=k, **factors
    )
    x = half(1, 2, 5, 5)
    windows = np.lib.stride_tricks.sliding_window_view(x[0].astype(np.float64), (3, 3), axis=(1, 2))
    sums = np.einsum("cijab,fcab->fij", windows, k.astype(np.float64))
    of = {name: array.astype(np.float64)[:, None, None] for name, array in factors.items()}
    expected = (sums - of["mean"]) / np.sqrt(of["variance"]) * of["scale"] + of["shift"]
    check(model, expected[None], ["conv"], {"x": x}, tolerance=1e-2)


def test_a_weight_that_is_computed_of_constants():
    nodes = [node("Mul", "w s", "m"), node("MatMul", "x m", "y", "fc")]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 6)], w=W, s=np.float16(0.3))
    scaled = rounded(W.astype(np.float64) * float(np.float16(0.3)))
    graph = check(model, product(X, scaled), ["fc"])
    np.testing.assert_array_equal(graph.weight(graph.layers[0]).astype(np.float64), scaled)


def test_the_models_own_casts_stay():
    """x is float32, one product is float16, what follows is float32 again."""
    nodes = [
        node("Cast", "x", "h", to=HALF),
        node("MatMul", "h w", "a", "fc"),
        node("Cast", "a", "f", to=FLOAT),
        node("Exp", "f", "y"),
    ]
    model = whole(
        nodes, [value("x", FLOAT, 3, 8)], [value("y", FLOAT, 3, 6)], w=(W * 0.3).astype(np.float16)
    )
    x = X.astype(np.float32)
    expected = np.exp(product(X, (W * 0.3).astype(np.float16)))
    check(model, expected, ["fc"], {"x": x}, tolerance=1e-2)


def test_two_readers_of_two_types():
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("Cast", "a", "f", to=FLOAT),
        node("ReduceMax", "f", "m", keepdims=1),
        node("Cast", "m", "n", to=HALF),
        node("Sub", "a n", "d"),
        node("MatMul", "d v", "y", "second"),
    ]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V)
    a = product(X, W)
    check(model, product(rounded(a - a.max()), V), ["first", "second"], tolerance=2e-2)


def test_operators_of_the_host_between():
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("Softmax", "a", "s", axis=-1),
        node("Transpose", "s", "t", perm=[1, 0]),
        node("Transpose", "t", "u", perm=[1, 0]),
        node("MatMul", "u v", "y", "second"),
    ]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V)
    a = np.exp(product(X, W))
    check(model, product(rounded(a / a.sum(-1, keepdims=True)), V), ["first", "second"])


@pytest.mark.parametrize("exponent,sparsity", [(-12, 0.0), (-13, 1.0)])
def test_what_float16_flushes_to_zero_is_zero(exponent, sparsity):
    """2^-24 is the least float16; 2^-26 is none."""
    tiny = np.full((1, 1), 2.0**exponent, np.float16)
    nodes = [node("MatMul", "x w", "a", "first"), node("MatMul", "a v", "y", "second")]
    model = whole(
        nodes,
        [value("x", HALF, 1, 1)],
        [value("y", HALF, 1, 1)],
        w=tiny,
        v=np.ones((1, 1), np.float16),
    )
    result = ss.estimate(ss.execute(ss.load(model), {"x": tiny}))
    assert result.layers[1].activation_sparsity == sparsity
    assert result.layers[0].output_sparsity == sparsity


def test_each_fused_operator_rounds():
    """LeakyRelu flushes to zero before Abs sees it."""
    nodes = [node("MatMul", "x w", "a", "fc"), node("LeakyRelu", "a", "l", alpha=0.25)]
    nodes += [node("Abs", "l", "y")]
    x = np.array([[1, 0], [0, 1]], np.float16)
    w = np.array([[-(2.0**-23), 1], [-3, 60000]], np.float16)
    model = whole(nodes, [value("x", HALF, 2, 2)], [value("y", HALF, 2, 2)], w=w)
    (y,) = Engine(ss.load(model)).run({"x": x})
    # -2^-23 / 4 = -2^-25, halfway between 0 and the least float16, goes to the even one: 0
    np.testing.assert_array_equal(y, np.array([[0, 1], [0.75, 60000]], np.float16))


def test_saved_files_stay_small_and_the_same(tmp_path):
    big = half(64, 128)
    nodes = [node("MatMul", "x w", "y", "fc")]
    model = whole(nodes, [value("x", HALF, 1, 64)], [value("y", HALF, 1, 128)], w=big)
    onnx.save(model, tmp_path / "m.onnx")
    graph = ss.load(tmp_path / "m.onnx")
    sparse = ss.sparsify(graph, ss.Thresholds(weights={"*": 0.5}))
    ss.save(sparse, tmp_path / "s.onnx")
    made = onnx.load(tmp_path / "s.onnx")
    assert [n.op_type for n in made.graph.node] == ["MatMul"]
    (weight,) = made.graph.initializer
    assert weight.data_type == HALF
    kept = np.where(np.abs(big) <= 0.5, 0, big)
    np.testing.assert_array_equal(numpy_helper.to_array(weight), kept)
    before, after = ((tmp_path / name).stat().st_size for name in ("m.onnx", "s.onnx"))
    assert after < 1.05 * before


def test_thresholds_on_activations_are_float16(tmp_path):
    nodes = [node("MatMul", "x w", "a", "first"), node("MatMul", "a v", "y", "second")]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V)
    sparse = ss.sparsify(ss.load(model), ss.Thresholds(activations={"first": 1.0}))
    trace = ss.execute(sparse, {"x": X[None].reshape(3, 8)})
    a = product(X, W)
    kept = np.where(np.abs(a) <= 1, 0, a)
    assert ss.estimate(trace).layers[1].activation_sparsity == pytest.approx((kept == 0).mean())
    ss.save(sparse, tmp_path / "s.onnx")
    kinds = {t.data_type for t in onnx.load(tmp_path / "s.onnx").graph.initializer}
    assert kinds <= {HALF, TensorProto.INT64}


def test_quantised_it_is_eight_bits():
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("Relu", "a", "r"),
        node("MatMul", "r v", "y", "second"),
    ]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V)
    graph = quantize(ss.load(model), [{"x": X}])
    assert [layer.is_integer for layer in graph.layers] == [True, True]
    (y,) = Engine(graph).run({"x": X})
    expected = product(np.maximum(product(X, W), 0), V)
    assert np.abs(y - expected).max() < 0.05 * np.abs(expected).max()


@pytest.mark.parametrize(
    "op,attributes,opset",
    [
        ("Softmax", {"axis": -1}, 17),
        ("LogSoftmax", {"axis": -1}, 13),
        ("HardSwish", {}, 17),
        ("Mish", {}, 18),
        ("Elu", {"alpha": 0.5}, 17),
        ("Softplus", {}, 17),
        ("Gelu", {}, 20),
    ],
)
def test_operators_without_a_float16_kernel_stay_whole(op, attributes, opset):
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node(op, "a", "b", "behind", **attributes),
        node("MatMul", "b v", "y", "second"),
    ]
    model = whole(nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], opset, w=W, v=V)
    graph = ss.load(model)
    assert [n.op_type for n in graph.model.graph.node] == ["MatMul", op, "MatMul"]
    assert [layer.name for layer in graph.layers] == ["first", "second"]
    from onnx.reference import ReferenceEvaluator

    (expected,) = ReferenceEvaluator(model).run(None, {"x": X})
    (y,) = Engine(graph).run({"x": X})
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, expected, rtol=2e-2, atol=2e-2)


def test_layer_normalisation_stays_whole():
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("LayerNormalization", "a g b", "n", axis=-1),
        node("MatMul", "n v", "y", "second"),
    ]
    model = whole(
        nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V, g=half(6), b=B
    )
    graph = ss.load(model)
    assert [n.op_type for n in graph.model.graph.node] == [
        "MatMul",
        "LayerNormalization",
        "MatMul",
    ]


def test_a_branch_that_is_always_taken_stays_float16():
    branch = helper.make_graph(
        [node("MatMul", "a v", "t", "inside")], "then", [], [value("t", HALF, 3, 4)]
    )
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("If", "k", "y", "if", then_branch=branch, else_branch=branch),
    ]
    model = whole(
        nodes, [value("x", HALF, 3, 8)], [value("y", HALF, 3, 4)], w=W, v=V, k=np.bool_(True)
    )
    check(model, product(product(X, W), V), ["first", "inside"])


def test_bfloat16_gets_a_word():
    import ml_dtypes

    kind = TensorProto.BFLOAT16
    nodes = [node("MatMul", "x w", "y", "fc")]
    w = np.ones((4, 4), ml_dtypes.bfloat16)
    model = whole(nodes, [value("x", kind, 1, 4)], [value("y", kind, 1, 4)], 21, w=w)
    with pytest.raises(ModelError) as caught:
        ss.load(model)
    assert str(caught.value) == (
        "half: ONNX Runtime does not take it: Could not find an implementation for MatMul(13) node "
        "with name 'fc'; it has few operators for bfloat16: make the model float16 or float32"
    )


def test_bfloat16_weights_that_are_cast_are_weights():
    import ml_dtypes

    w = RNG.standard_normal((4, 4)).astype(ml_dtypes.bfloat16)
    nodes = [node("Cast", "w", "f", to=FLOAT), node("MatMul", "x f", "y", "fc")]
    model = whole(nodes, [value("x", FLOAT, 1, 4)], [value("y", FLOAT, 1, 4)], 21, w=w)
    graph = ss.load(model)
    np.testing.assert_array_equal(graph.weight(graph.layer("fc")), w.astype(np.float32))
