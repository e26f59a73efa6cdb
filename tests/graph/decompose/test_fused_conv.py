"""FusedConv against ONNX Runtime's own kernel; counts are sums over shifted windows."""

import numpy as np
import pytest
from decompositions import agree, conv_counts, model, node, reference_conv, sparse

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    "activation, parameters",
    [
        ("", []),
        ("Relu", []),
        ("Tanh", []),
        ("Sigmoid", []),
        ("LeakyRelu", [0.3]),
        ("Clip", [-0.4, 0.7]),
        ("HardSigmoid", [0.3, 0.6]),
    ],
)
@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("opset", [10, 17])
def test_activations_and_sums(activation, parameters, summed, opset):
    x, w = sparse(RNG, 2, 4, 6, 5), sparse(RNG, 6, 2, 3, 3)
    feed = {"x": x} | ({"z": sparse(RNG, 2, 6, 6, 5)} if summed else {})
    more = {"activation": activation} if activation else {}
    if parameters:
        more["activation_params"] = parameters
    fused = node("FusedConv", "x w b" + " z" * summed, "y", pads=[1] * 4, group=2, **more)
    whole = model([fused], feed, {"y": ("f4", 4)}, {"w": w, "b": sparse(RNG, 6)}, opset)
    graph = agree(whole, feed, {"op": conv_counts(x, w, 1, group=2)})
    if not summed:
        assert [fused.op for fused in graph.layer("op").chain] == [activation] * bool(activation)


def test_strides_without_bias_and_what_follows():
    x, w, v = sparse(RNG, 1, 3, 9, 9), sparse(RNG, 4, 3, 3, 3), sparse(RNG, 5, 4, 1, 1)
    nodes = [
        node("FusedConv", "x w", "a", strides=[2, 2], activation="Relu"),
        node("Conv", "a v", "y", "next", domain=""),
    ]
    a = reference_conv(x, w, 2)
    counts = {"op": conv_counts(x, w, 0, 2), "next": conv_counts(np.maximum(a, 0), v, 0)}
    agree(model(nodes, {"x": x}, {"y": ("f4", 4)}, {"w": w, "v": v}), {"x": x}, counts)


def test_names_that_exist_are_not_taken_again():
    x, w = sparse(RNG, 1, 2, 4, 4), sparse(RNG, 2, 2, 1, 1)
    nodes = [
        node("FusedConv", "x w", "op:product", activation="Sigmoid"),
        node("Abs", "op:product", "op/sigmoid:0", "op/sigmoid", domain=""),
        node("Neg", "op/sigmoid:0", "y", "op/clip", domain=""),
    ]
    whole = model(nodes, {"x": x}, {"y": ("f4", 4)}, {"w": w})
    graph = agree(whole, {"x": x}, {"op": conv_counts(x, w, 0)})
    assert [entry.name for entry in graph.model.graph.node] == [
        "op",
        "op/sigmoid2",
        "op/sigmoid",
        "op/clip",
    ]
