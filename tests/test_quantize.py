"""Float models in fixed-point numbers, by ONNX Runtime's static quantiser."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

import sparsesim as ss
from sparsesim.errors import ModelError
from sparsesim.graph.quantize import quantize


def quantised(path, inputs_path, images, **more):
    """Estimates of a model as it is and quantised, on the same inputs."""
    graph = ss.load(path)
    inputs = ss.open_inputs(inputs_path, ss.input_specs(graph), images=images, **more)
    small = quantize(graph, inputs.feeds())
    assert [layer.name for layer in small.layers] == [layer.name for layer in graph.layers]
    assert (small.source, small.sha256) == (graph.source, graph.sha256)
    calibrated = min(images, 100)
    assert small.rewrites == (
        f"quantised to 8 bits by ONNX Runtime, calibrated on {calibrated} images",
    )
    results = [ss.estimate(ss.execute(g, inputs, lazy=True)) for g in (graph, small)]
    for before, after in zip(results[0].layers, results[1].layers, strict=True):
        assert (after.name, after.macs) == (before.name, before.macs)
        assert (before.weight_is_float, after.weight_is_float) == (True, False)
        assert after.activation_value_bits == after.weight_value_bits == 8
    return results[1]


def test_lenet_is_as_accurate_in_eight_bits(root):
    folder = root / "models_onnx"
    result = quantised(folder / "lenet.onnx", folder / "mnist_test_300.npz", 300)
    assert result.accuracy is not None and result.output_error is not None
    assert result.accuracy.images == 300
    assert abs(result.accuracy.top1_after - result.accuracy.top1_before) <= 0.01
    assert 0 < result.output_error.mean <= result.output_error.worst < 0.2
    assert result.output_error.mean < 0.01
    assert result.output_error.top1_agreement is not None
    assert result.output_error.top1_agreement >= 0.99
    # Symmetric weights, activations behind a Relu: operands as wide as the accelerator's.
    assert result.warnings == ()


def test_resnet20_is_as_accurate_in_eight_bits(shared_data):
    path = shared_data / "models" / "resnet20-cifar10" / "resnet20_cifar10.onnx"
    images = shared_data / "cifar10-test"
    result = quantised(path, images, 40, preprocess="cifar10-imagenet-stats")
    assert result.accuracy is not None and result.output_error is not None
    assert abs(result.accuracy.top1_after - result.accuracy.top1_before) <= 0.05
    assert 0 < result.output_error.mean < 0.1


def test_a_quantised_graph_stays_plain_onnx(root, tmp_path):
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        images = archive["image"][:4]
    small = quantize(graph, [{"image": images[i : i + 1]} for i in range(4)])
    ss.save(small, tmp_path / "small.onnx")
    again = ss.load(tmp_path / "small.onnx")
    assert [layer.name for layer in again.layers] == [layer.name for layer in graph.layers]
    results = [ss.estimate(ss.execute(g, images)) for g in (small, again)]
    assert results[0].layers == results[1].layers


def test_the_quantiser_leaves_logging_as_it_was(root):
    level = logging.getLogger().level
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    quantize(graph, [{"image": np.ones((1, 1, 28, 28), np.float32)}])
    assert logging.getLogger().level == level


def test_what_is_quantised_stays_as_it_is(root):
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    feeds = [{"image": np.ones((1, 1, 28, 28), np.float32)}]
    small = quantize(graph, feeds)
    assert quantize(small, feeds) is small


def test_what_is_left_is_quantised():
    random = np.random.default_rng(0)
    constants = {
        "scale": np.float32(0.125),
        "zero": np.uint8(100),
        "wq": random.integers(-9, 9, (6, 5)).astype(np.int8),
        "w2": random.standard_normal((5, 4)).astype(np.float32),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], name="q"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"], name="d"),
        helper.make_node("DequantizeLinear", ["wq", "scale"], ["w1"], name="dw"),
        helper.make_node("MatMul", ["d", "w1"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("MatMul", ["b", "w2"], ["y"], name="second"),
    ]
    tensors = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        for n, s in (("x", [1, 6]), ("y", [1, 4]))
    ]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    whole = helper.make_graph(nodes, "mixed", tensors[:1], tensors[1:], weights)
    opset = helper.make_opsetid("", 17)
    graph = ss.load(helper.make_model(whole, opset_imports=[opset], ir_version=8))
    assert [layer.is_integer for layer in graph.layers] == [True, False]
    feeds = [{"x": random.standard_normal((1, 6)).astype(np.float32)} for _ in range(5)]
    small = quantize(graph, feeds)
    assert [layer.name for layer in small.layers] == ["first", "second"]
    assert [layer.is_integer for layer in small.layers] == [True, True]
    assert small.layers[0].activation_scale == graph.layers[0].activation_scale


def small(nodes, constants, x, y, opset=17, ir_version=8):
    """A model of floats with one input `x` and one output `y` of these shapes."""
    tensors = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", x), ("y", y))
    ]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    graph = helper.make_graph(nodes, "small", tensors[:1], tensors[1:], weights)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def output(graph, x):
    return next(iter(ss.execute(graph, {"x": x}).images)).outputs[0]


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 12])
def test_old_opsets_are_raised_first(opset):
    random = np.random.default_rng(opset)
    x = random.standard_normal((1, 4, 8, 8)).astype(np.float32)
    weight = random.standard_normal((6, 4, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="c", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    graph = ss.load(small(nodes, {"w": weight}, x.shape, [1, 6, 8, 8], opset, 4))
    made = quantize(graph, [{"x": x}])
    assert made.layers[0].is_integer
    assert made.rewrites == (
        f"converted from opset {opset} to 13",
        "quantised to 8 bits by ONNX Runtime, calibrated on 1 image",
    )
    padded = np.pad(x[0].astype(np.float64), [(0, 0), (1, 1), (1, 1)])
    want = np.zeros((6, 8, 8))
    for row in range(8):
        for column in range(8):
            part = padded[:, row : row + 3, column : column + 3]
            want[:, row, column] = (weight * part).sum(axis=(1, 2, 3))
    want = np.maximum(want, 0)
    assert np.abs(output(made, x)[0] - want).max() < 0.02 * want.max()


@pytest.mark.parametrize(
    ("attributes", "a_shape", "w_shape"),
    [
        ({"alpha": 0.5}, (5, 16), (16, 8)),
        ({"beta": 2.0}, (5, 16), (16, 8)),
        ({"alpha": -3.0, "beta": 0.25, "transB": 1}, (5, 16), (8, 16)),
        ({"transA": 1}, (16, 5), (16, 8)),
        ({"transA": 1, "transB": 1, "alpha": 2.0, "beta": -1.0}, (16, 5), (8, 16)),
    ],
)
def test_factors_of_a_gemm_go_into_its_constants(attributes, a_shape, w_shape):
    random = np.random.default_rng(3)
    a, w, b = (random.standard_normal(s).astype(np.float32) for s in (a_shape, w_shape, (8,)))
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="g", **attributes),
        # A second reader of the same constants has factors of its own.
        helper.make_node("MatMul", ["h", "v"], ["y"], name="last"),
    ]
    v = random.standard_normal((8, 3)).astype(np.float32)
    graph = ss.load(small(nodes, {"w": w, "b": b, "v": v}, a_shape, [5, 3]))
    made = quantize(graph, [{"x": a}])
    assert [(layer.name, layer.is_integer) for layer in made.layers] == [
        ("g", True),
        ("last", True),
    ]
    first = a.T if attributes.get("transA") else a
    second = w.T if attributes.get("transB") else w
    hidden = attributes.get("alpha", 1) * (first @ second) + attributes.get("beta", 1) * b
    want = hidden @ v
    assert np.abs(output(made, a) - want).max() < 0.03 * np.abs(want).max()


def test_constants_that_two_products_read_are_scaled_for_one_of_them():
    random = np.random.default_rng(4)
    x, w, b = (random.standard_normal(s).astype(np.float32) for s in ((5, 8), (8, 8), (8,)))
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="first", alpha=0.5, beta=4.0),
        helper.make_node("Gemm", ["h", "w", "b"], ["y"], name="second"),
    ]
    made = quantize(ss.load(small(nodes, {"w": w, "b": b}, x.shape, [5, 8])), [{"x": x}])
    want = (0.5 * (x @ w) + 4 * b) @ w + b
    assert [layer.is_integer for layer in made.layers] == [True, True]
    assert np.abs(output(made, x) - want).max() < 0.03 * np.abs(want).max()


def test_behind_an_operator_that_onnx_does_not_know():
    random = np.random.default_rng(7)
    x, u, v = (random.standard_normal(s).astype(np.float32) for s in ((4, 8), (8, 8), (8, 3)))
    nodes = [
        helper.make_node("MatMul", ["x", "u"], ["a"], name="m1"),
        helper.make_node("QuickGelu", ["a"], ["b"], name="g", domain="com.microsoft", alpha=1.0),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="m2"),
    ]
    model = small(nodes, {"u": u, "v": v}, x.shape, [4, 3])
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    made = quantize(ss.load(model), [{"x": x}])
    hidden = x @ u
    want = (hidden / (1 + np.exp(-hidden))) @ v  # x times the logistic function of x
    assert np.abs(output(made, x) - want).max() < 0.03 * np.abs(want).max()


@pytest.mark.parametrize(("group", "rank"), [(2, 2), (4, 2), (2, 1), (1, 2)])
def test_transposed_convolutions_in_groups(group, rank):
    """One scale in all where there are groups; else one a filter. Within two steps of the float."""
    draw = np.random.default_rng(group + rank)
    w = draw.standard_normal((4, 6, *[3] * rank)).astype(np.float32)
    b = draw.standard_normal(6 * group).astype(np.float32)
    read = helper.make_node("ConvTranspose", ["x", "w", "b"], ["y"], name="up", group=group)
    model = helper.make_model(
        helper.make_graph(
            [read],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, *[5] * rank])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * (2 + rank))],
            [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    graph = ss.load(model)
    x = draw.random((1, 4, *[5] * rank)).astype(np.float32)
    small = quantize(graph, [{"x": x}])
    (layer,) = small.layers
    assert layer.is_integer
    assert small.constants[layer.weight_scale].size == (1 if group > 1 else 6)
    wanted, came = (
        next(iter(ss.execute(each, {"x": x}).images)).outputs[0] for each in (graph, small)
    )
    assert np.abs(came - wanted).max() < 2 / 255 * np.ptp(wanted)


@pytest.mark.parametrize(
    ("x", "names"), [([1.0, 0.0], ["logs"]), ([0.0, 2.0], ["logs"]), ([1.0, -1.0], ["logs", "y"])]
)
def test_values_without_a_range_are_named(x, names):
    """The logarithm of 0 is minus infinity; that of -1 is NaN, which a minimum may pass over."""
    model = parser.parse_model(
        """
        <ir_version: 8, opset_import: ["" : 17]>
        m (float[1, 2] x) => (float[1, 2] y) <float[2, 2] w = {1, 2, 3, 4}> {
            logs = Log (x)
            y = MatMul (logs, w)
        }
        """
    )
    graph = ss.load(model)
    with pytest.raises(ModelError) as caught:
        quantize(graph, [{"x": np.array([x], np.float32)}])
    assert str(caught.value) in [
        f"m: calibration meets NaN or infinity in '{name}'; quantising takes images of finite "
        "values"
        for name in names
    ]
