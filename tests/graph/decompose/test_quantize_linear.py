"""com.microsoft's quantisers mean what ONNX's mean: the layers between them are quantised."""

import numpy as np
import pytest
from decompositions import agree, model, node, reference

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(4)


def quantised_product(kind, channels, domain="com.microsoft", opset=17):
    """MatMul between quantisers; its operands are small, so that no processor saturates."""
    x = RNG.integers(0, 60, (5, 12)).astype(kind)
    w = RNG.integers(-90, 90, (12, 7)).astype(np.int8)
    w[RNG.random(w.shape) < 0.4] = 0
    scale = np.full(7, 0.02, "f4") if channels else np.float32(0.02)
    zero = np.zeros(7, "i1") if channels else np.int8(0)
    quantisers = {"domain": domain}
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf", "dx", **quantisers),
        node("DequantizeLinear", "w sw zw", "wf", "dw", **quantisers, axis=1),
        node("MatMul", "xf wf", "p", "op", domain=""),
        node("Relu", "p", "r", "relu", domain=""),
        node("QuantizeLinear", "r sy zy", "y", "q", **quantisers),
    ]
    constants = {"w": w, "sw": scale, "zw": zero, "sx": np.float32(0.03), "zx": kind(9)}
    constants |= {"sy": np.float32(0.11), "zy": kind(np.iinfo(kind).min)}
    whole = model(nodes, {"x": x}, {"y": (kind, 2)}, constants, opset)
    sums = (x.astype(np.int64) - 9) @ w.astype(np.int64)
    info = np.iinfo(kind)
    steps = np.rint(sums * np.float32(np.float32(0.03) * np.float32(0.02)) / np.float32(0.11))
    y = np.clip(np.maximum(steps, 0) + info.min, info.min, info.max).astype(kind)
    return whole, x, w, y


@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_a_layer_between_them_is_an_integer_layer(channels, opset, kind):
    whole, x, w, y = quantised_product(kind, channels, opset=opset)
    macs = 5 * 12 * 7, int(((x != 9).astype(int) @ (w != 0).astype(int)).sum())
    graph = agree(whole, {"x": x}, {"op": macs}, [y])
    layer = graph.layer("op")
    assert layer.is_integer and layer.output_scale == "sy" and len(graph.steps) == 1


@pytest.mark.parametrize("opset", [13, 17])
def test_types_that_the_opset_lacks_are_read_where_they_stand(opset):
    """uint16: ONNX's own take it from opset 21; the layer is an integer one all the same."""
    whole, x, _, y = quantised_product(np.uint16, False, opset=opset)
    graph = load(whole)
    assert graph.layer("op").is_integer and len(graph.steps) == 1
    (mine,) = Engine(graph).run({"x": x})
    np.testing.assert_array_equal(mine, y)
    assert ss.estimate(ss.execute(graph, {"x": x})).host.mac_coverage == 1.0


def test_they_are_what_onnx_defines():
    """Ties to even, saturation and a zero point, by hand."""
    x = np.array([[-3.0, -0.25, 0.25, 0.75, 1.25, 200.0]], np.float32)
    nodes = [
        node("QuantizeLinear", "x s z", "q", "q"),
        node("DequantizeLinear", "q s z", "y", "d"),
    ]
    constants = {"s": np.float32(0.5), "z": np.uint8(3)}
    whole = model(nodes, {"x": x}, {"y": ("f4", 2)}, constants)
    for outputs in (Engine(load(whole)).run({"x": x}), reference(whole, {"x": x})):
        np.testing.assert_array_equal(outputs[0], [[-1.5, 0.0, 0.0, 1.0, 1.0, 126.0]])
    assert {entry.domain for entry in load(whole).model.graph.node} == {""}
