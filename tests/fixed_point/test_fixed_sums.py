"""Exact sums and their overflows against Python's integers."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_fixed_point import naive_sum

import sparsesim as ss
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import exact_sums, wrapped
from sparsesim.lowering import product as lowered
from sparsesim.machines.inner_join import InnerJoin
from sparsesim.machines.sum_order import SumOrder

EXAMPLES = int(150 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
SCHEMES = ("none", "activation", "weight", "two_sided")


def of(activations, weights) -> LayerProduct:
    """A product of (groups, positions, K) and (groups, filters, K)."""
    a, w = np.asarray(activations, np.int16), np.asarray(weights, np.int16)
    geometry = lowered(a.shape[0], w.shape[1], a.shape[1], a.shape[2])
    return LayerProduct("layer", geometry, a, w, None, "")


def without_flags(self, scheme, array) -> SumOrder:
    """Of a machine that flags no overflow."""
    return SumOrder(block=1, lanes=1, skips=scheme.skips, flags=False)


def check(product: LayerProduct, machine: ss.Accelerator) -> int:
    """Every sum and every flag; gives the number of overflows."""
    computed = exact_sums(product, machine)
    assert computed.outputs is None and computed.sums is not None
    assert computed.sums.dtype == np.int64 and computed.overflow.dtype == bool
    assert computed.sums.shape == computed.overflow.shape
    for g, f, p in np.ndindex(computed.sums.shape):
        expected = naive_sum(
            product.activations[g, p],
            product.weights[g, f],
            machine.acc_bits,
            machine.window,
            machine.lanes,
            machine.skipping,
        )
        assert (computed.sums[g, f, p], computed.overflow[g, f, p]) == expected
    return int(computed.overflow.sum())


@st.composite
def products(draw) -> LayerProduct:
    """Ragged ones, from all zero to the widest operands."""
    random = np.random.default_rng(draw(st.integers(0, 999)))
    groups, filters, positions = (draw(st.integers(1, n)) for n in (3, 4, 5))
    reduction = draw(st.sampled_from((1, 2, 7, 16, 17, 40)))
    reach = draw(st.sampled_from((1, 3, 127, 32767)))
    density = draw(st.sampled_from((0.0, 0.2, 0.6, 1.0)))

    def operand(rows: int) -> np.ndarray:
        shape = (groups, rows, reduction)
        return random.integers(-reach - 1, reach + 1, shape) * (random.random(shape) < density)

    return of(operand(positions), operand(filters))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    products(),
    st.sampled_from((8, 9, 12, 16, 17, 24, 32, 33, 64)),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(SCHEMES),
)
def test_sums_and_overflows_are_those_of_a_loop(product, acc_bits, window, lanes, scheme):
    check(product, ss.Accelerator(acc_bits=acc_bits, window=window, lanes=lanes, skipping=scheme))


def test_a_sum_may_come_back_from_an_overflow():
    # 8 bits hold up to 127. One lane: 100, 200, 100; two lanes: 200, 100; three lanes: 100.
    product = of([[[100, 100, -100]]], [[[1, 1, 1]]])
    machine = ss.Accelerator(acc_bits=8, window=3)
    flags = [bool(exact_sums(product, machine.with_(lanes=n)).overflow[0, 0, 0]) for n in (1, 2, 3)]
    assert flags == [True, True, False]
    assert [exact_sums(product, machine.with_(lanes=n)).sums.item() for n in (1, 2, 3)] == [100] * 3
    assert exact_sums(of([[[100, 100]]], [[[1, 1]]]), machine).sums.item() == 200 - 256


def test_the_ends_of_the_accumulator():
    # 8 bits hold -128 to 127.
    product = of([[[127, 0], [127, 1], [64, 64], [-64, -64], [-64, -65]]], [[[1, 1]]])
    computed = exact_sums(product, ss.Accelerator(acc_bits=8))
    assert computed.sums.tolist() == [[[127, -128, -128, -128, 127]]]
    assert computed.overflow.tolist() == [[[False, True, True, False, True]]]
    edge = exact_sums(of([[[64, 64]]], [[[1, 1]]]), ss.Accelerator(acc_bits=8))
    assert (edge.sums.item(), edge.overflow.item()) == (-128, True)


def test_of_a_machine_without_flags_sums_that_do_not_fit_are_told(monkeypatch):
    # 100, 200, 100 leaves 8 bits on its way, and fits in the end; 100 + 100 wraps to -56.
    product = of([[[100, 100, -100], [100, 100, 0]]], [[[1, 1, 1]]])
    machine = ss.Accelerator(acc_bits=8)
    assert exact_sums(product, machine).overflow.all()
    monkeypatch.setattr(InnerJoin, "sums", without_flags)
    computed = exact_sums(product, machine)
    assert computed.sums.tolist() == [[[100, -56]]]
    assert computed.overflow.tolist() == [[[False, True]]]


def test_what_is_skipped_takes_no_lane():
    # Two lanes: `none` multiplies (100, 0) then (100, -100); skipping zeros (100, 100) comes first.
    product = of([[[100, 0, 100, -100]]], [[[1, 1, 1, 1]]])
    machine = ss.Accelerator(acc_bits=8, window=4, lanes=2)
    flags = {
        s: bool(exact_sums(product, machine.with_(skipping=s)).overflow.any()) for s in SCHEMES
    }
    assert flags == {"none": False, "activation": True, "weight": False, "two_sided": True}


@pytest.mark.parametrize(("a", "w", "k"), [(255, 127, 600), (-256, -128, 600), (-32768, -32768, 9)])
def test_sums_beyond_what_float32_holds(a, w, k):
    activations = np.full((1, 2, k), a)
    activations[0, 1, 0] -= np.sign(a)  # one less: float32 would lose it
    sums = exact_sums(of(activations, np.full((1, 1, k), w)), ss.Accelerator(acc_bits=64)).sums
    assert sums.tolist() == [[[a * w * k, a * w * k - int(np.sign(a)) * w]]]
    assert abs(a * w * k) > 2**24


def test_sums_beyond_what_float64_holds():
    k = 2**23 + 2
    operand = np.full((1, 1, k), -32768)
    operand[0, 0, 5] += 1  # an odd sum above 2^53
    computed = exact_sums(of(operand, operand), ss.Accelerator(acc_bits=64))
    assert computed.sums.item() == 2**30 * (k - 1) + 32767**2 > 2**53
    assert not computed.overflow.any()


def test_nothing_to_sum():
    computed = exact_sums(of(np.zeros((2, 0, 3)), np.ones((2, 4, 3))), ss.Accelerator())
    assert computed.sums.shape == computed.overflow.shape == (2, 4, 0)
    computed = exact_sums(of(np.zeros((1, 2, 0)), np.ones((1, 3, 0))), ss.Accelerator())
    assert computed.sums.tolist() == [[[0, 0]] * 3]


@pytest.mark.parametrize("bits", [8, 31, 32, 63, 64])
def test_wrapping(bits):
    half = 2 ** (bits - 1)
    ends = np.array([-half, half - 1, 0, -1])
    np.testing.assert_array_equal(wrapped(ends, bits), ends)
    if bits < 64:
        np.testing.assert_array_equal(wrapped(np.array([half, -half - 1]), bits), [-half, half - 1])
