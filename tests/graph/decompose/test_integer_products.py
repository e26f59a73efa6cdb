"""QGemm, MatMulIntegerToFloat and DynamicQuantizeMatMul: exact integer sums, by NumPy.

Operands are small enough that ONNX Runtime's own kernels are exact on every processor:
2 |a| |w| < 2^15.
"""

import numpy as np
import pytest
from decompositions import agree, close, model, node, reference, sparse

RNG = np.random.default_rng(5)
A_SCALE, Y_SCALE = np.float32(0.03), np.float32(0.09)


def integers(kind, *shape):
    """Small ones; a third are zero."""
    info = np.iinfo(kind)
    values = RNG.integers(max(-60, info.min), 61, shape) * (RNG.random(shape) < 0.67)
    return values.astype(kind)


def counts(a, w, a_zero=0, w_zero=0):
    """MACs, and those of operands that both differ from their zero point."""
    real = (a.astype(int) != a_zero).astype(int) @ (w.astype(int) != w_zero).astype(int)
    return real.size * a.shape[-1], int(real.sum())


def scales(channels, columns):
    """Of a weight: scale and zero points."""
    if not channels:
        return np.float32(0.02), 0
    return RNG.uniform(0.01, 0.03, columns).astype("f4"), RNG.integers(-3, 4, columns)


@pytest.mark.parametrize("kinds", [("u1", "i1"), ("u1", "u1"), ("i1", "i1")])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("turned", [(0, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("bias", [0, 1, 2])
@pytest.mark.parametrize("opset", [12, 17])
def test_qgemm(kinds, channels, turned, bias, opset):
    rows, inner, columns = 5, 12, 7
    a, w = integers(kinds[0], rows, inner), integers(kinds[1], inner, columns)
    scale, zero = scales(channels, columns)
    zero = np.zeros(columns, int) + 2 if kinds[1] == "u1" and channels else zero
    c = RNG.integers(-900, 900, (columns,) if bias == 1 else (1, columns)).astype("i4")
    alpha = 1.0 if bias else 0.5
    a_zero = 4
    sums = (a.astype(np.int64) - a_zero) @ (w.astype(np.int64) - zero) + (c if bias else 0)
    unit = np.float32(alpha) * A_SCALE * scale
    feed = {"a": a.T.copy() if turned[0] else a}
    constants = {"w": w.T.copy() if turned[1] else w, "sa": A_SCALE, "sw": scale}
    constants |= {"za": np.array(a_zero, kinds[0]), "zw": np.array(zero).astype(kinds[1])}
    constants |= {"c": c, "sy": Y_SCALE, "zy": np.array(100, kinds[0])}
    words = f"a sa za w sw zw {'c' if bias else '-'}"
    attributes = {"transA": turned[0], "transB": turned[1], "alpha": alpha}
    expected = {
        "f4": sums.astype("f4") * unit,
        kinds[0]: np.clip(
            np.rint(sums.astype("f4") * (unit / Y_SCALE)) + 100,
            np.iinfo(kinds[0]).min,
            np.iinfo(kinds[0]).max,
        ).astype(kinds[0]),
    }
    counted = {"op": counts(a, w, a_zero, np.asarray(zero)[None] if channels else zero)}
    for kind, y in expected.items():
        inputs = words if kind == "f4" else f"{words} sy zy"
        whole = model(
            [node("QGemm", inputs, "y", **attributes)], feed, {"y": (kind, 2)}, constants, opset
        )
        graph = agree(whole, feed, counted, [y])
        close(reference(whole, feed)[0], y, 3e-6)
        if opset == 17 or not channels:
            assert graph.layer("op").is_integer and graph.layer("op").op == "Gemm"
            assert bool(graph.layer("op").bias) == bool(bias)
            assert len(graph.steps) == 1 + turned[0]


@pytest.mark.parametrize("constant", [True, False])
def test_qgemm_of_a_scale_that_is_computed(constant):
    """Then the array has the integer product; what scales its sums runs on the host."""
    a, w = integers("u1", 4, 9), integers("i1", 9, 6)
    feed = {"a": a, "sa": np.array([0.03], "f4")} | ({} if constant else {"w": w})
    constants = {"sw": np.float32(0.02), "za": np.uint8(4), "zw": np.int8(0), "w": w}
    constants |= {"sy": Y_SCALE, "zy": np.uint8(7), "c": np.arange(6, dtype="i4") * 50}
    if not constant:
        del constants["w"]
    fused = node("QGemm", "a sa za w sw zw c sy zy", "y")
    sums = (a.astype(np.int64) - 4) @ w.astype(np.int64) + constants["c"]
    unit = feed["sa"] * np.float32(0.02) / Y_SCALE
    y = np.clip(np.rint(sums.astype("f4") * unit) + 7, 0, 255).astype("u1")
    whole = model([fused], feed, {"y": ("u1", 2)}, constants)
    graph = agree(whole, feed, {"op": counts(a, w, 4)}, [y])
    assert graph.layer("op").op == "MatMulInteger"
    close(reference(whole, feed)[0], y, 0)


@pytest.mark.parametrize("kinds", [("u1", "i1"), ("u1", "u1"), ("i1", "i1")])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("opset", [11, 17])
def test_matmul_integer_to_float(kinds, channels, computed, bias, opset):
    a, w = integers(kinds[0], 2, 5, 12), integers(kinds[1], 12, 7)
    scale, _ = scales(channels, 7)
    zero = np.full(7, 3, kinds[1]) if channels else np.array(3, kinds[1])
    b = sparse(RNG, 7)
    words = "a w sa sw za zw" + " b" * bias
    feed = {"a": a} | ({"sa": np.array([0.03], "f4")} if computed else {})
    constants = {"w": w, "sw": scale, "za": np.array(4, kinds[0]), "zw": zero, "b": b}
    if not computed:
        constants["sa"] = A_SCALE
    whole = model(
        [node("MatMulIntegerToFloat", words, "y")], feed, {"y": ("f4", 3)}, constants, opset
    )
    sums = (a.astype(np.int64) - 4) @ (w.astype(np.int64) - 3)
    y = sums.astype("f4") * (A_SCALE * scale) + (b if bias else np.float32(0))
    graph = agree(whole, feed, {"op": counts(a, w, 4, 3)}, [y])
    close(reference(whole, feed)[0], y, 3e-6)
    inside = not computed and (opset == 17 or not channels)
    assert graph.layer("op").op == ("MatMul" if inside else "MatMulInteger")
    assert graph.layer("op").is_integer
    if inside:
        assert len(graph.steps) == 1


def test_matmul_integer_to_float_of_two_activations():
    a, w = integers("u1", 2, 5, 12), integers("u1", 2, 12, 7)
    whole = model(
        [node("MatMulIntegerToFloat", "a w sa sw", "y")],
        {"a": a, "w": w},
        {"y": ("f4", 3)},
        {"sa": A_SCALE, "sw": np.float32(0.02)},
    )
    y = (a.astype(np.int64) @ w.astype(np.int64)).astype("f4") * (A_SCALE * np.float32(0.02))
    agree(whole, {"a": a, "w": w}, {"op": counts(a, w)}, [y])


@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("kind", ["i1", "u1"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rank", [2, 3])
def test_dynamic_quantize_matmul(channels, kind, bias, rank):
    """The activation is quantised as DynamicQuantizeLinear is defined, by hand here."""
    a, w = sparse(RNG, *(2, 5, 12)[3 - rank :]), integers(kind, 12, 7)
    scale, _ = scales(channels, 7)
    zero = np.full(7, 3, kind) if channels else np.array(3, kind)
    b = sparse(RNG, 7)
    low, high = min(a.min(), 0), max(a.max(), 0)
    step = np.float32((high - low) / np.float32(255))
    shift = np.clip(np.rint(-low / step), 0, 255)
    q = np.clip(np.rint(a / step) + shift, 0, 255).astype(np.int64)
    sums = (q - int(shift)) @ (w.astype(np.int64) - 3)
    y = sums.astype("f4") * (step * scale) + (b if bias else np.float32(0))
    whole = model(
        [node("DynamicQuantizeMatMul", "a w sw zw" + " b" * bias, "y")],
        {"a": a},
        {"y": ("f4", rank)},
        {"w": w, "sw": scale, "zw": zero, "b": b},
    )
    graph = agree(whole, {"a": a}, {"op": counts(q, w, int(shift), 3)}, [y])
    close(reference(whole, {"a": a})[0], y, 3e-6)
    assert graph.layer("op").op == "MatMulInteger"
