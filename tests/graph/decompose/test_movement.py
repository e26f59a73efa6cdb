"""A quantised operand stays quantised behind operators that only move values."""

import ml_dtypes
import numpy as np
import pytest
from decompositions import close, model, node, reference

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(9)
X_SCALE, X_ZERO = np.float32(0.03), 7


def onnx_node(op, inputs, outputs, name="", **more):
    return node(op, inputs, outputs, name, domain="", **more)


MOVES = {
    "Reshape": (("s",), {"s": np.array([6, 20])}, {}, lambda x: x.reshape(6, 20)),
    "Flatten": ((), {}, {"axis": 1}, lambda x: x.reshape(2, 60)),
    "Transpose": ((), {}, {"perm": [0, 2, 3, 1]}, lambda x: x.transpose(0, 2, 3, 1)),
    "Squeeze": (("a",), {"a": np.array([0])}, {}, lambda x: x[0]),
    "Unsqueeze": (("a",), {"a": np.array([1])}, {}, lambda x: x[:, None]),
    "Identity": ((), {}, {}, lambda x: x),
    "Dropout": ((), {}, {}, lambda x: x),
    "Slice": (
        ("b", "e", "a"),
        {"b": np.array([1]), "e": np.array([3]), "a": np.array([2])},
        {},
        lambda x: x[:, :, 1:3],
    ),
    "Gather": (("i",), {"i": np.array([2, 0])}, {"axis": 1}, lambda x: x[:, [2, 0]]),
    "Expand": (("s",), {"s": np.array([2, 2, 3, 4, 5])}, {}, lambda x: np.stack([x, x])),
    "Tile": (("s",), {"s": np.array([1, 2, 1, 1])}, {}, lambda x: np.tile(x, (1, 2, 1, 1))),
    "Concat": (("x",), {}, {"axis": 1}, lambda x: np.concatenate([x, x], 1)),
    "Pad": (("p",), {"p": np.array([0, 0, 1, 0, 0, 0, 2, 0])}, {}, None),
    "MaxPool": ((), {}, {"kernel_shape": [2, 2], "pads": [1, 0, 0, 0]}, None),
    "SpaceToDepth": ((), {}, {"blocksize": 1}, lambda x: x),
    "DepthToSpace": ((), {}, {"blocksize": 1}, lambda x: x),
}


def moved(op, x):
    """What an operator makes of integers whose zero is X_ZERO; by NumPy."""
    if op == "Pad":
        return np.pad(x, [(0, 0), (0, 0), (1, 2), (0, 0)], constant_values=X_ZERO)
    if op == "MaxPool":
        padded = np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 0)], constant_values=np.iinfo(x.dtype).min)
        return np.lib.stride_tricks.sliding_window_view(padded, (2, 2), (2, 3)).max(axis=(4, 5))
    return MOVES[op][3](x)


@pytest.mark.parametrize("op", sorted(MOVES))
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("opset", [13, 21])
def test_an_activation_behind(op, kind, opset):
    """A MatMul of the last axis: exact sums by NumPy, one integer layer."""
    shape = (1, 3, 4, 5) if op == "Squeeze" else (2, 3, 4, 5)
    x = RNG.integers(0, 60, shape).astype(kind)
    expected = moved(op, x)
    w = (
        RNG.integers(-60, 60, (expected.shape[-1], 6)) * (RNG.random((expected.shape[-1], 6)) < 0.6)
    ).astype("i1")
    extra, constants, attributes, _ = MOVES[op]
    read = " ".join(["xf", *("xf" if op == "Concat" else name for name in extra)])
    nodes = [
        onnx_node("DequantizeLinear", "x sx zx", "xf", "dx"),
        onnx_node(op, read, "m", "move", **attributes),
        onnx_node("DequantizeLinear", "w sw zw", "wf", "dw"),
        onnx_node("MatMul", "m wf", "y", "op"),
    ]
    constants = constants | {"sx": X_SCALE, "zx": kind(X_ZERO), "w": w, "sw": np.float32(0.02)}
    constants["zw"] = np.int8(0)
    whole = model(nodes, {"x": x}, {"y": ("f4", expected.ndim)}, constants, opset)
    graph = load(whole)
    assert graph.layer("op").is_integer and graph.reasons == {}
    sums = (expected.astype(np.int64) - X_ZERO) @ w.astype(np.int64)
    y = sums.astype("f4") * (X_SCALE * np.float32(0.02))
    close(Engine(graph).run({"x": x})[0], y, 1e-6)
    close(reference(whole, {"x": x})[0], y, 1e-6)
    (layer,) = ss.estimate(ss.execute(graph, {"x": x})).layers
    real = (expected.astype(int) != X_ZERO).astype(int) @ (w != 0).astype(int)
    assert (layer.macs, layer.effectual_macs) == (real.size * w.shape[0], real.sum())
    assert layer.activation_value_bits == 8 and not layer.activation_is_float


@pytest.mark.parametrize("op", ["Reshape", "Transpose", "Concat", "Slice", "Gather", "Pad"])
def test_sixteen_bits_where_the_operator_moves_them(op):
    """ONNX Runtime pads no integers of 16 bits: there it stays a layer of floats."""
    x = RNG.integers(0, 6000, (2, 3, 4, 5)).astype("u2")
    expected = moved(op, x)
    w = RNG.integers(-60, 60, (expected.shape[-1], 6)).astype("i1")
    extra, constants, attributes, _ = MOVES[op]
    read = " ".join(["xf", *("xf" if op == "Concat" else name for name in extra)])
    nodes = [
        onnx_node("DequantizeLinear", "x sx zx", "xf", "dx"),
        onnx_node(op, read, "m", "move", **attributes),
        onnx_node("DequantizeLinear", "w sw", "wf", "dw"),
        onnx_node("MatMul", "m wf", "y", "op"),
    ]
    constants = constants | {"sx": X_SCALE, "zx": np.uint16(X_ZERO), "w": w, "sw": np.float32(0.02)}
    whole = model(nodes, {"x": x}, {"y": ("f4", expected.ndim)}, constants, 21)
    graph = load(whole)
    assert graph.layer("op").is_integer == (op != "Pad")
    y = ((expected.astype(np.int64) - X_ZERO) @ w).astype("f4") * (X_SCALE * np.float32(0.02))
    close(Engine(graph).run({"x": x})[0], y, 2e-6)


def test_a_chain_and_two_parts():
    """Split, and two moves one behind the other; the first float tensor is an output as well."""
    x = RNG.integers(0, 60, (2, 6, 4)).astype("u1")
    w = RNG.integers(-60, 60, (3, 5)).astype("i1")
    nodes = [
        onnx_node("DequantizeLinear", "x sx zx", "xf", "dx"),
        onnx_node("Split", "xf", "p q", "split", axis=1),
        onnx_node("Transpose", "p", "pt", "turn", perm=[0, 2, 1]),
        onnx_node("Transpose", "q", "qt", "turn2", perm=[0, 2, 1]),
        onnx_node("DequantizeLinear", "w sw", "wf", "dw"),
        onnx_node("MatMul", "pt wf", "y", "one"),
        onnx_node("MatMul", "qt wf", "z", "two"),
    ]
    constants = {"sx": X_SCALE, "zx": np.uint8(X_ZERO), "w": w, "sw": np.float32(0.02)}
    outputs = {"y": ("f4", 3), "z": ("f4", 3), "xf": ("f4", 3), "p": ("f4", 3)}
    whole = model(nodes, {"x": x}, outputs, constants)
    graph = load(whole)
    assert [layer.is_integer for layer in graph.layers] == [True, True]
    for mine, right in zip(Engine(graph).run({"x": x}), reference(whole, {"x": x}), strict=True):
        close(mine, right, 1e-6)


@pytest.mark.parametrize("equal", [True, False])
def test_concat_of_equal_scales_only(equal):
    x, z = (RNG.integers(0, 60, (2, 4)).astype("u1") for _ in range(2))
    w = RNG.integers(-60, 60, (8, 5)).astype("i1")
    nodes = [
        onnx_node("DequantizeLinear", "x s a", "xf", "dx"),
        onnx_node("DequantizeLinear", "z s b", "zf", "dz"),
        onnx_node("Concat", "xf zf", "c", "join", axis=1),
        onnx_node("DequantizeLinear", "w s", "wf", "dw"),
        onnx_node("MatMul", "c wf", "y", "op"),
    ]
    constants = {"s": X_SCALE, "a": np.uint8(7), "b": np.uint8(7 if equal else 8), "w": w}
    feed = {"x": x, "z": z}
    whole = model(nodes, feed, {"y": ("f4", 2)}, constants)
    graph = load(whole)
    assert graph.layer("op").is_integer == equal
    close(Engine(graph).run(feed)[0], reference(whole, feed)[0], 1e-6)


@pytest.mark.parametrize("number", [0.0, 0.5])
def test_pad_by_zero_only(number):
    x, w = RNG.integers(0, 60, (2, 4)).astype("u1"), RNG.integers(-60, 60, (6, 5)).astype("i1")
    nodes = [
        onnx_node("DequantizeLinear", "x s a", "xf", "dx"),
        onnx_node("Pad", "xf p v", "c", "pad"),
        onnx_node("DequantizeLinear", "w s", "wf", "dw"),
        onnx_node("MatMul", "c wf", "y", "op"),
    ]
    constants = {"s": X_SCALE, "a": np.uint8(7), "w": w, "p": np.array([0, 1, 0, 1])}
    constants["v"] = np.float32(number)
    whole = model(nodes, {"x": x}, {"y": ("f4", 2)}, constants)
    graph = load(whole)
    assert graph.layer("op").is_integer == (number == 0)
    close(Engine(graph).run({"x": x})[0], reference(whole, {"x": x})[0], 1e-6)


WEIGHTS = {
    "Transpose": ((7, 12), 0, {}, {"perm": [1, 0]}, lambda w: w.T),
    "Reshape": ((7, 3, 4), 0, {"s": np.array([0, -1])}, {}, None),
    "Flatten": ((7, 3, 4), 0, {}, {"axis": -2}, None),
    "Squeeze": ((1, 7, 12), 1, {"s": np.array([0])}, {}, None),
    "Unsqueeze": ((12,), None, {"s": np.array([0])}, {}, None),
    "Identity": ((7, 12), 0, {}, {}, None),
}


@pytest.mark.parametrize("op", sorted(WEIGHTS))
@pytest.mark.parametrize("kind", ["int8", "int4"])
@pytest.mark.parametrize("channels", [False, True])
def test_a_weight_behind(op, kind, channels):
    """Scales for each channel follow their axis; the weight is moved when it is loaded."""
    shape, axis, constants, attributes, _ = WEIGHTS[op]
    limit = 7 if kind == "int4" else 60
    w = RNG.integers(-limit, limit + 1, shape)
    matrix = w.reshape(-1, 12)
    by_channel = channels and axis is not None
    scale = (
        RNG.uniform(0.01, 0.03, matrix.shape[0]).astype("f4") if by_channel else np.float32(0.02)
    )
    x = RNG.integers(0, 60, (5, 12)).astype("u1")
    nodes = [
        onnx_node("DequantizeLinear", "x sx zx", "xf", "dx"),
        onnx_node("DequantizeLinear", "w sw", "wf", "dw", axis=axis or 0),
        onnx_node(op, "wf s" if constants else "wf", "m", "move", **attributes),
        onnx_node("Gemm", "xf m", "y", "op", transB=int(op != "Transpose")),
    ]
    stored = w.astype(ml_dtypes.int4 if kind == "int4" else np.int8)
    constants = constants | {"w": stored, "sw": scale, "sx": X_SCALE, "zx": np.uint8(X_ZERO)}
    whole = model(nodes, {"x": x}, {"y": ("f4", 2)}, constants, 21)
    graph = load(whole)
    layer = graph.layer("op")
    assert layer.is_integer and graph.constants[layer.weight].dtype.name == kind
    sums = (x.astype(np.int64) - X_ZERO) @ matrix.T
    close(Engine(graph).run({"x": x})[0], sums.astype("f4") * (X_SCALE * scale), 1e-6)
    close(reference(whole, {"x": x})[0], sums.astype("f4") * (X_SCALE * scale), 1e-6)


def test_scales_that_a_reshape_would_spread_keep_it_a_float_layer():
    w, x = RNG.integers(-60, 60, (4, 6)).astype("i1"), RNG.integers(0, 60, (5, 3)).astype("u1")
    scale = RNG.uniform(0.01, 0.03, 4).astype("f4")
    nodes = [
        onnx_node("DequantizeLinear", "x sx zx", "xf", "dx"),
        onnx_node("DequantizeLinear", "w sw", "wf", "dw", axis=0),
        onnx_node("Reshape", "wf s", "m", "move"),
        onnx_node("Gemm", "xf m", "y", "op", transB=1),
    ]
    constants = {"s": np.array([8, 3]), "w": w, "sw": scale, "sx": X_SCALE, "zx": np.uint8(7)}
    whole = model(nodes, {"x": x}, {"y": ("f4", 2)}, constants)
    graph = load(whole)
    assert not graph.layer("op").is_integer
    close(Engine(graph).run({"x": x})[0], reference(whole, {"x": x})[0], 1e-6)


def test_models_without_such_a_detour_are_left_as_they_are():
    x = RNG.integers(0, 60, (2, 12)).astype("u1")
    nodes = [
        onnx_node("DequantizeLinear", "x sx", "xf", "dx"),
        onnx_node("Reshape", "xf s", "m", "move"),
        onnx_node("Softmax", "m", "y", "soft"),
    ]
    whole = model(nodes, {"x": x}, {"y": ("f4", 2)}, {"sx": X_SCALE, "s": np.array([4, 6])})
    assert load(whole).model.graph.node[0].op_type == "DequantizeLinear"
