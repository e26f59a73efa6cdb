"""Ranges that do not depend on the processor, and the floats that stand for integer layers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from sparsesim.graph.calibrate import as_floats, outward, ranges

FLOAT, UINT8, INT32 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT32


def model(nodes, constants, inputs, outputs) -> onnx.ModelProto:
    infos = [
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in side.items()]
        for side in (inputs, outputs)
    ]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    graph = helper.make_graph(nodes, "small", *infos, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(made: onnx.ModelProto, feed) -> np.ndarray:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    octets = made.SerializeToString()
    session = ort.InferenceSession(octets, options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)[0]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_bound_moves_outward_by_less_than_its_share(value: float) -> None:
    number = np.float32(value)
    if abs(number) > 3e38:  # the next step up is infinity
        return
    low, high = outward(number, -np.inf), outward(number, np.inf)
    assert low.dtype == high.dtype == np.float32
    assert low <= number <= high
    # Two neighbours of twelve bits lie 2^-11 of the lower one's power of two apart.
    assert np.float64(high) - np.float64(low) <= max(abs(np.float64(value)) * 2.0**-11, 1e-45)
    assert outward(high, np.inf) == high and outward(low, -np.inf) == low


def test_last_bits_do_not_matter() -> None:
    value = np.float32(2.7182817)
    around = [np.nextafter(value, np.float32(end)) for end in (0, 9)]
    assert len({float(outward(each, np.inf)) for each in (value, *around)}) == 1


@pytest.mark.parametrize("asymmetric", [False, True])
def test_saturating_products_calibrate_as_they_should(asymmetric: bool) -> None:
    """255 x 127 twice is 64,770: a processor without VNNI makes 32,767 of it."""
    zero = np.uint8(3 if asymmetric else 0)
    constants = {
        "w": np.full((64, 2), 127, np.int8),
        "zx": zero,
        "one": np.float32(1),
        "v": np.ones((2, 1), np.float32),
    }
    nodes = [
        helper.make_node("MatMulInteger", ["x", "w", "zx"], ["i"], name="i"),
        helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
        helper.make_node("MatMul", ["f", "v"], ["y"], name="last"),
    ]
    made = model(nodes, constants, {"x": (UINT8, [1, 64])}, {"y": (FLOAT, [1, 1])})
    x = np.full((1, 64), 255, np.uint8)
    want = (255 - int(zero)) * 127 * 64
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        found = ranges(made, ["MatMul"], [{"x": x}], Path(folder))
    low, high = found["f"].range_value
    assert want * (1 - 2**-11) <= low <= want <= high <= want * (1 + 2**-11)


def test_integer_layers_as_floats_are_those_layers() -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(0, 256, (1, 3, 6, 6)).astype(np.uint8)
    w = rng.integers(-128, 128, (4, 3, 3, 3)).astype(np.int8)
    bias = rng.integers(-900, 900, 4).astype(np.int32)
    scales = rng.uniform(0.01, 0.02, 4).astype(np.float32)
    constants = {
        "w": w,
        "b": bias,
        "sx": np.float32(0.03),
        "zx": np.uint8(128),
        "sw": scales,
        "zw": np.zeros(4, np.int8),
        "sy": np.float32(0.1),
        "zy": np.uint8(100),
    }
    names = ["x", "sx", "zx", "w", "sw", "zw", "sy", "zy", "b"]
    nodes = [helper.make_node("QLinearConv", names, ["y"], name="c", pads=[1, 1, 1, 1])]
    made = model(nodes, constants, {"x": (UINT8, x.shape)}, {"y": (UINT8, [1, 4, 6, 6])})
    padded = np.pad(x.astype(np.int64) - 128, [(0, 0), (0, 0), (1, 1), (1, 1)])
    sums = np.zeros((4, 6, 6), np.int64)
    for row in range(6):
        for column in range(6):
            part = padded[0, :, row : row + 3, column : column + 3]
            sums[:, row, column] = (w.astype(np.int64) * part).sum(axis=(1, 2, 3)) + bias
    real = sums * (0.03 * scales.astype(np.float64))[:, None, None] / 0.1
    want = np.clip(np.rint(real) + 100, 0, 255)
    came = run(as_floats(made), {"x": x})[0]
    # Only where the exact value lies on the edge between two integers may rounding differ.
    edge = np.abs(real - np.floor(real) - 0.5) < 1e-3
    assert (came == want)[~edge].all() and edge.mean() < 0.05


def test_convolved_integers_as_floats_are_exact() -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(0, 256, (1, 2, 5, 5)).astype(np.uint8)
    w = rng.integers(0, 256, (3, 2, 2, 2)).astype(np.uint8)
    constants = {"w": w, "zx": np.uint8(7), "zw": np.uint8(130)}
    nodes = [helper.make_node("ConvInteger", ["x", "w", "zx", "zw"], ["y"], name="c")]
    made = model(nodes, constants, {"x": (UINT8, x.shape)}, {"y": (INT32, [1, 3, 4, 4])})
    a, k = x[0].astype(np.int64) - 7, w.astype(np.int64) - 130
    want = [
        [[int((k[f] * a[:, r : r + 2, c : c + 2]).sum()) for c in range(4)] for r in range(4)]
        for f in range(3)
    ]
    assert run(as_floats(made), {"x": x})[0].tolist() == want
