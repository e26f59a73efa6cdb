"""Layers of small networks against fractions: geometry, operand formats, bias, endings."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intrinsic_models import F, emulated, model, node, one_layer, output_of
from naive_intrinsic import naive_operand, naive_pairs_of_convolution, naive_sum

from sparsesim.errors import ModelError, SpecError

EXAMPLES = int(60 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def quantise(values: np.ndarray, made, rounding: str) -> np.ndarray:
    """Fractions of an operand in a settled format."""
    flat = [naive_operand(v, made.bits, made.fraction, rounding) for v in values.reshape(-1)]
    return np.array(flat, dtype=object).reshape(values.shape)


def check(graph, feed, pairs_of, shape, added=None, scale=1.0, **rule) -> None:
    """Every output and every count of the only layer.

    Args:
        pairs_of: of quantised operands, (index, pairs) of every output.
        shape: of the output.
        added: the bias, broadcasts to the output.
        scale: of the sum, before the bias.
    """
    found = emulated(graph, feed, **rule)
    (layer,) = found.layers
    a, formats, counts = layer.arithmetic, layer.formats, layer.counts
    x, w = feed["x"], feed.get("w", graph.constants.get("w"))
    operands = (
        quantise(x, formats.activation, a.operand_rounding),
        quantise(w, formats.weight, a.operand_rounding),
    )
    expected = np.empty(shape, np.float64)
    overflows = lost = 0
    full = np.zeros(shape) if added is None else np.broadcast_to(added, shape)
    for index, pairs in pairs_of(*operands):
        start = Fraction(0)
        if a.bias == "before":
            unit = Fraction(2) ** -formats.acc.fraction
            start = round(Fraction(float(full[index])) / unit) * unit
        total, overflowed, more = naive_sum(
            pairs, a, formats.product_fraction, formats.acc.fraction, start
        )
        overflows, lost = overflows + overflowed, lost + more
        expected[index] = float(total)
    sums = expected.astype(F)
    if scale != 1.0:
        sums = sums * F(scale)
    if added is not None and a.bias == "after":
        sums = sums + full.astype(F)
    np.testing.assert_array_equal(output_of(graph, feed, found), sums)
    assert (counts.sums, counts.overflowed_sums, counts.saturated_products) == (
        expected.size,
        overflows,
        lost,
    )


RULES = st.fixed_dictionaries(
    {
        "act_bits": st.sampled_from((4, 8, 12)),
        "weight_bits": st.sampled_from((3, 8)),
        "operand_rounding": st.sampled_from(("nearest_even", "toward_zero", "down")),
        "product_rounding": st.sampled_from(("nearest_even", "toward_zero", "down")),
        "product_bits": st.sampled_from((None, 6, 9)),
        "product_overflow": st.sampled_from(("wrap", "saturate")),
        "acc_bits": st.sampled_from((6, 10, 20)),
        "acc_fraction": st.integers(0, 8),
        "overflow": st.sampled_from(("wrap", "saturate")),
        "lanes": st.sampled_from((1, 2, 5)),
        "order": st.sampled_from(("ascending", "descending")),
        "bias": st.sampled_from(("after", "before")),
    }
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES, st.integers(0, 9999), st.sampled_from((1, 2, 3)), st.booleans(), st.booleans())
def test_convolutions(rule, seed, groups, with_bias, act_fraction_is_given):
    random = np.random.default_rng(seed)
    channels, each = random.integers(1, 3), random.integers(1, 4)
    kernel, stride = random.integers(1, 4, 2).tolist(), random.integers(1, 3, 2).tolist()
    dilation, pads = random.integers(1, 3, 2).tolist(), random.integers(0, 3, 4).tolist()
    size = [int((k - 1) * d + random.integers(1, 4)) for k, d in zip(kernel, dilation, strict=True)]
    x = random.normal(size=(2, groups * channels, *size)).astype(F)
    w = random.normal(size=(groups * each, channels, *kernel)).astype(F)
    bias = random.normal(size=groups * each).astype(F) if with_bias else None
    graph = one_layer(
        "Conv", x, w, bias, group=groups, strides=stride, dilations=dilation, pads=pads
    )
    shape = graph.shapes["y"][2:]
    if act_fraction_is_given:
        rule = rule | {"act_fraction": 3}
    check(
        graph,
        {"x": x},
        lambda a, b: naive_pairs_of_convolution(a, b, groups, stride, dilation, pads[:2], shape),
        (2, groups * each, *shape),
        None if bias is None else bias.reshape(-1, 1, 1),
        **rule,
    )


def product_pairs(a: np.ndarray, b: np.ndarray):
    """Pairs of a matrix product, with a batch before it."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    for index in np.ndindex(*batch, a.shape[-2], b.shape[-1]):
        row, column = a[(*index[:-2], index[-2])], b[(*index[:-2], slice(None), index[-1])]
        yield index, list(zip(row, column, strict=True))


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES, st.integers(0, 9999), st.booleans(), st.booleans(), st.sampled_from((1.0, 0.5)))
def test_gemm(rule, seed, turned, wide_bias, alpha):
    random = np.random.default_rng(seed)
    rows, columns, k = random.integers(1, 7), random.integers(1, 20), random.integers(1, 30)
    x = random.normal(size=(rows, k)).astype(F)
    w = random.normal(size=(columns, k) if turned else (k, columns)).astype(F)
    bias = random.normal(size=(rows, columns) if wide_bias else (columns,)).astype(F)
    graph = one_layer("Gemm", x, w, bias, transB=int(turned), alpha=alpha, beta=1.0)
    if alpha != 1.0:
        rule = rule | {"bias": "after"}
    check(
        graph,
        {"x": x},
        lambda a, b: product_pairs(a, b.T if turned else b),
        (rows, columns),
        bias,
        alpha,
        **rule,
    )


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(RULES, st.integers(0, 9999), st.sampled_from(((2, 1), (2, 3), (1, 3))))
def test_products_of_two_computed_operands(rule, seed, batch):
    random = np.random.default_rng(seed)
    x = random.normal(size=(2, 1, 4, 9)).astype(F) * 3
    w = random.normal(size=(*batch, 9, 5)).astype(F)
    graph = model([node("MatMul", "x w", "y", "layer")], {"x": x, "w": w}, "y")
    shape = (*np.broadcast_shapes((2, 1), batch), 4, 5)
    check(graph, {"x": x, "w": w}, product_pairs, shape, **rule)


def test_a_transposed_convolution_is_one_of_the_zero_inserted_input():
    # Stride 2 puts zeros between; kernel 2: outputs 2 i and 2 i + 1 each meet one input.
    x = np.array([[[[3.0, -1.0, 2.0]]]], F)
    w = np.array([[[[1.0, 0.5]]]], F)
    graph = one_layer("ConvTranspose", x, w, strides=[1, 2])
    rule = {"act_fraction": 0, "weight_fraction": 1, "acc_bits": 4, "acc_fraction": 1}
    found = emulated(graph, {"x": x}, **rule, overflow="saturate")
    # 4 bits in halves: -4 to 3.5.
    assert output_of(graph, {"x": x}, found).tolist() == [[[[3.0, 1.5, -1.0, -0.5, 2.0, 1.0]]]]
    graph = one_layer("ConvTranspose", x * 2, w, strides=[1, 2])
    found = emulated(graph, {"x": x * 2}, **rule, overflow="saturate")
    made = output_of(graph, {"x": x * 2}, found)
    assert made.tolist() == [[[[3.5, 3.0, -2.0, -1.0, 3.5, 2.0]]]]
    assert found.layers[0].counts.overflowed_sums == 2


def test_the_order_of_k_is_row_column_channel():
    # Both channels hold 3, -3. Column by column, both channels of each: 3, 3, -3, -3. 3 bits hold
    # -4 to 3, so the sum is 3, 3 (of 6), 0, -3. Channel by channel it would be 3, 0, 3, 0.
    x = np.array([[[[3.0, -3.0]], [[3.0, -3.0]]]], F)
    w = np.ones((1, 2, 1, 2), F)
    graph = one_layer("Conv", x, w)
    rule = {"act_fraction": 0, "weight_fraction": 0, "acc_bits": 3, "overflow": "saturate"}
    found = emulated(graph, {"x": x}, **rule, acc_fraction=0)
    assert output_of(graph, {"x": x}, found).item() == -3.0


def test_a_bias_before_the_sum_uses_its_room():
    # 4 bits: -8 to 7. 6 + 3 = 9 saturates, 3 + 6 behind the sum does not; then Relu.
    x, w, bias = np.array([[3.0]], F), np.array([[1.0]], F), np.array([6.0], F)
    relu = [node("Relu", "s", "y")]
    graph = one_layer("Gemm", x, w, bias, relu)
    rule = {"act_fraction": 0, "weight_fraction": 0, "acc_fraction": 0, "acc_bits": 4}
    made = [
        output_of(graph, {"x": x}, emulated(graph, {"x": x}, **rule, overflow=how, bias=when))
        for how, when in (("saturate", "before"), ("wrap", "before"), ("wrap", "after"))
    ]
    assert [m.item() for m in made] == [7.0, 0.0, 9.0]  # 9 wraps to -7, which Relu takes
    # A bias that the sum's format does not hold counts, too.
    graph = one_layer("Gemm", x, w, np.array([99.0], F))
    found = emulated(graph, {"x": -x}, **rule, bias="before")
    assert found.layers[0].counts.overflowed_sums == 1
    assert output_of(graph, {"x": -x}, found).item() == 4.0


def test_half_precision_stays_half():
    x, w = np.array([[0.5, 0.25]], np.float16), np.array([[1.0], [3.0]], np.float16)
    graph = one_layer("MatMul", x, w)
    found = emulated(graph, {"x": x}, acc_bits=24)
    made = output_of(graph, {"x": x}, found)
    assert made.dtype == np.float16 and made.item() == 1.25
    assert found.layers[0].mean_error == 0


def quantised_layer(op: str, x, w, output: bool) -> object:
    """DequantizeLinear on both sides of a layer: its operands are integers."""
    constants = {"w": w, "sx": F(0.5), "zx": np.uint8(3), "sw": F(0.25), "zw": np.int8(0)}
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf"),
        node(op, "xf wf", "s" if output else "y", "layer"),
    ]
    if output:
        constants |= {"sy": F(8.0), "zy": np.uint8(100)}
        nodes.append(node("QuantizeLinear", "s sy zy", "y"))
    return model(nodes, {"x": x}, "y", constants)


@pytest.mark.parametrize("output", [False, True])
def test_integers_of_a_quantised_layer_are_its_operands(output):
    random = np.random.default_rng(2)
    x = random.integers(0, 256, (3, 20), np.uint8)
    w = random.integers(-128, 128, (20, 4), np.int8)
    graph = quantised_layer("MatMul", x, w, output)
    assert graph.layers[0].is_integer
    for bits in (14, 30):
        found = emulated(graph, {"x": x}, acc_bits=bits, acc_fraction=0)
        formats = found.layers[0].formats
        assert (str(formats.activation), str(formats.weight)) == ("9/0", "8/0")
        assert formats.chosen == ("product_fraction",)
        exact = (x.astype(int) - 3) @ w.astype(int)
        half = 2 ** (bits - 1)
        sums = (exact + half) % (2 * half) - half
        real = sums.astype(F) * F(0.125)
        if output:
            real = np.clip(np.rint(real / F(8.0)) + 100, 0, 255).astype(np.uint8)
        np.testing.assert_array_equal(output_of(graph, {"x": x}, found), real)
        assert (found.layers[0].max_error > 0) == (bits == 14)
        assert (found.layers[0].counts.overflowed_sums > 0) == (bits == 14)


def test_a_quantised_layers_products_may_lose_bits():
    x, w = np.array([[10, 4]], np.uint8), np.array([[5], [5]], np.int8)
    graph = quantised_layer("MatMul", x, w, False)
    # (10 - 3) * 5 = 35 and 5, in units of 4: 9 (of 8.75) and 1: 40, times 0.125.
    found = emulated(graph, {"x": x}, acc_bits=16, acc_fraction=-2)
    assert output_of(graph, {"x": x}, found).item() == 5.0


def refused(graph, feed, error, **rule) -> str:
    """The one line."""
    with pytest.raises(error) as caught:
        emulated(graph, feed, **rule)
    line = str(caught.value)
    where = f"{graph.source}: layer 'layer'"
    assert line.startswith(where)
    return line[len(where) :]


def test_bad_arithmetic_of_quantised_layers():
    x, w = np.array([[10, 4]], np.uint8), np.array([[5], [5]], np.int8)
    graph = quantised_layer("MatMul", x, w, False)
    line = refused(graph, {"x": x}, SpecError, act_bits=8)
    assert line == ": act_bits 8 do not hold its integers from -3 to 252; use at least 9"
    line = refused(graph, {"x": x}, SpecError, weight_bits=3)
    assert line == ": weight_bits 3 do not hold its integers from 0 to 5; use at least 4"
    line = refused(graph, {"x": x}, SpecError, weight_fraction=2)
    assert line == (" is quantised, its integers are the operands; leave weight_fraction out")
    line = refused(graph, {"x": x}, SpecError, acc_fraction=1)
    assert line == (" is quantised, its sums are whole numbers; acc_fraction 1 came, use 0 or less")
    line = refused(graph, {"x": x}, SpecError, acc_fraction=-4, acc_bits=61)
    assert line == (": acc_bits 61 with acc_fraction -4 reach beyond 64 bits; use narrower ones")


def test_bad_arithmetic_of_float_layers():
    x, w = np.ones((1, 40), F), np.ones((40, 2), F)
    graph = one_layer("Gemm", x, w, np.ones(2, F), alpha=0.5)
    line = refused(graph, {"x": x}, SpecError, bias="before")
    assert line == (': its alpha is 0.5, so the sum cannot start with the bias; use bias = "after"')
    line = refused(graph, {"x": x}, SpecError, acc_bits=4)
    assert line == (
        ": acc_bits 4 hold no sum of 40 rounded products; give acc_fraction, or more bits"
    )
    line = refused(graph, {"x": x}, SpecError, act_fraction=-60, acc_fraction=60)
    assert line == (
        ": sums need 129 bits before they are checked; use formats and lanes that keep it within 64"
    )
    huge = np.full((1, 40), 1e36, F)
    line = refused(graph, {"x": huge}, SpecError)
    assert line == ": act_bits 8: no fraction from -64 to 64 holds 1e+36 to 1e+36"


def test_a_network_that_makes_nan():
    x, w = np.array([[-1.0, 2.0]], F), np.ones((2, 1), F)
    graph = model(
        [node("Sqrt", "x", "r"), node("MatMul", "r w", "y", "layer")], {"x": x}, "y", {"w": w}
    )
    line = refused(graph, {"x": x}, ModelError, act_fraction=3)
    assert line == ": an operand is not a number (NaN); fixed point has none"
