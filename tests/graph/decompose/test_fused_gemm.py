"""FusedGemm against ONNX Runtime's own kernel."""

import numpy as np
import pytest
from decompositions import agree, model, node, product_counts, sparse

RNG = np.random.default_rng(2)


@pytest.mark.parametrize(
    "activation, parameters",
    [
        ("Relu", {}),
        ("Tanh", {}),
        ("Sigmoid", {}),
        ("Softplus", {}),
        ("Softsign", {}),
        ("LeakyRelu", {"activation_alpha": 0.3}),
        ("Elu", {"activation_alpha": 0.4}),
        ("ThresholdedRelu", {"activation_alpha": 0.5}),
        ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.6}),
        ("Selu", {"activation_alpha": 1.3, "activation_gamma": 1.1}),
    ],
)
@pytest.mark.parametrize("bias", [False, True])
def test_activations(activation, parameters, bias):
    a, w = sparse(RNG, 5, 12), sparse(RNG, 12, 7)
    more = {"activation": activation, **parameters}
    fused = node("FusedGemm", "a w" + " c" * bias, "y", **more)
    constants = {"w": w} | ({"c": sparse(RNG, 7)} if bias else {})
    whole = model([fused], {"a": a}, {"y": ("f4", 2)}, constants)
    graph = agree(whole, {"a": a}, {"op": product_counts(a, w)})
    assert [fused.op for fused in graph.layer("op").chain] == [activation]


@pytest.mark.parametrize("turned", [(0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("opset", [9, 13])
def test_factors_and_transposed_operands(turned, opset):
    a, w = sparse(RNG, 5, 12), sparse(RNG, 12, 7)
    feed = {"a": a.T.copy() if turned[0] else a}
    attributes = {"transA": turned[0], "transB": turned[1], "alpha": 0.5, "beta": 0.25}
    inputs = "a w c" if opset > 9 else "a w"
    fused = node("FusedGemm", inputs, "y", activation="Tanh", **attributes)
    constants = {"w": w.T.copy() if turned[1] else w, "c": sparse(RNG, 5, 7)}
    whole = model([fused], feed, {"y": ("f4", 2)}, constants, opset)
    agree(whole, feed, {"op": product_counts(a, w)})
