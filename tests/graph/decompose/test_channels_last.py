"""QLinearConv of com.microsoft, NhwcFusedConv and NhwcConv; counts over shifted windows."""

import numpy as np
import pytest
from decompositions import agree, close, conv_counts, model, node, reference, reference_conv, sparse

from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("kinds", [("u1", "i1"), ("u1", "u1"), ("i1", "i1")])
@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("channels", [False, True])
def test_qlinear_conv(kinds, last, channels):
    x = RNG.integers(0, 60, (2, 3, 6, 5)).astype(kinds[0])
    w = (RNG.integers(-50, 60, (4, 3, 3, 3)) * (RNG.random((4, 3, 3, 3)) < 0.6)).astype(kinds[1])
    bias = RNG.integers(-400, 400, 4).astype("i4")
    scale = RNG.uniform(0.01, 0.03, 4).astype("f4") if channels else np.float32(0.02)
    sums = reference_conv(x.astype(np.int64) - 9, w.astype(np.int64), 1)
    sums = sums.astype(np.int64) + bias[:, None, None]
    unit = (np.float32(0.03) * scale / np.float32(0.7)).reshape(-1, 1, 1)
    info = np.iinfo(kinds[0])
    y = np.clip(np.rint(sums.astype("f4") * unit) + 20, info.min, info.max).astype(kinds[0])
    constants = {"w": w, "sx": np.float32(0.03), "sw": scale, "sy": np.float32(0.7), "b": bias}
    constants |= {"zx": np.array(9, kinds[0]), "zw": np.zeros(np.shape(scale), kinds[1])}
    constants |= {"zy": np.array(20, kinds[0])}
    feed = {"x": x.transpose(0, 2, 3, 1).copy() if last else x}
    more = {"channels_last": 1} if last else {}
    fused = node("QLinearConv", "x sx zx w sw zw sy zy b", "y", **more)
    whole = model([fused], feed, {"y": (kinds[0], 4)}, constants)
    expected = y.transpose(0, 2, 3, 1) if last else y
    counted = {"op": conv_counts(x.astype(int) - 9, w, 0)}
    graph = agree(whole, feed, counted, [expected])
    assert graph.layer("op").is_integer and len(graph.steps) == 1 + 2 * last
    close(reference(whole, feed)[0], expected, 0)


@pytest.mark.parametrize("op", ["NhwcConv", "NhwcFusedConv"])
def test_float_convolutions(op):
    """ONNX Runtime has no kernel of them for every processor: the sums are by hand."""
    x, w, b = sparse(RNG, 2, 3, 6, 5), sparse(RNG, 4, 3, 3, 3), sparse(RNG, 4)
    z = sparse(RNG, 2, 4, 4, 3)
    y = reference_conv(x.astype("f8"), w, 1) + b[:, None, None]
    feed = {"x": x.transpose(0, 2, 3, 1).copy()}
    if op == "NhwcFusedConv":
        feed["z"] = z.transpose(0, 2, 3, 1).copy()
        y = np.maximum(y + z, 0)
    fused = node(op, "x w b" + " z" * (len(feed) > 1), "y")
    if len(feed) > 1:
        fused.attribute.add(name="activation", type=3, s=b"Relu")
    whole = model([fused], feed, {"y": ("f4", 4)}, {"w": w, "b": b})
    expected = y.transpose(0, 2, 3, 1).astype("f4")
    agree(whole, feed, {"op": conv_counts(x, w, 0)}, [expected])


def test_layers_one_behind_the_other_stay_turned():
    """Between two of them nothing is turned back and forth; what else reads sees channels last."""
    x = RNG.integers(0, 60, (1, 5, 6, 3)).astype("u1")
    w = RNG.integers(-50, 60, (3, 3, 1, 1)).astype("i1")
    constants = {"w": w, "s": np.float32(0.05), "t": np.float32(1.5), "z": np.uint8(9)}
    constants["v"] = np.int8(0)
    rest = "w s v t z"
    nodes = [
        node("QLinearConv", f"x s z {rest}", "a", "c1", channels_last=1),
        node("QLinearConv", f"a t z {rest}", "b", "c2", channels_last=1),
        node("QLinearConv", f"b t z {rest}", "c", "c3", channels_last=1),
    ]
    whole = model(nodes, {"x": x}, {"c": ("u1", 4), "b": ("u1", 4)}, constants)
    graph = load(whole)
    turned = [entry.name for entry in graph.model.graph.node if entry.op_type == "Transpose"]
    assert turned == ["c1/x", "c2/y", "c3/y"]
    for mine, right in zip(Engine(graph).run({"x": x}), reference(whole, {"x": x}), strict=True):
        close(mine, right, 0)
