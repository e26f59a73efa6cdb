"""Float models in fixed-point numbers, by ONNX Runtime's static quantiser."""

from __future__ import annotations

import logging

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
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
