"""Running sums of lowered operands against fractions, and by hand."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_intrinsic import naive_sum

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import exact_sums
from sparsesim.intrinsic.formats import Fixed, Formats
from sparsesim.intrinsic.sums import Sums, add_up, factors, plan
from sparsesim.lowering import product as lowered
from sparsesim.spec.arithmetic import Arithmetic

EXAMPLES = int(800 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
ROUNDINGS = ("nearest_even", "toward_zero", "down")


def formats_of(arithmetic: Arithmetic, act_bits: int, weight_bits: int) -> Formats:
    """Settled by hand: every fraction is given."""
    product = arithmetic.product_fraction
    return Formats(
        Fixed(act_bits, arithmetic.act_fraction),
        Fixed(weight_bits, arithmetic.weight_fraction),
        None if arithmetic.product_bits is None else Fixed(arithmetic.product_bits, product),
        product,
        Fixed(arithmetic.acc_bits, arithmetic.acc_fraction),
        (),
    )


def computed(arithmetic, activations, weights, start=0, bits=(16, 16)) -> tuple[Sums, int]:
    """Sums of (groups, positions, K) and (groups, filters, K), and the lanes' width."""
    a, w = np.asarray(activations, np.int16), np.asarray(weights, np.int16)
    formats = formats_of(arithmetic, *bits)
    largest = int(np.abs(w.astype(int)).max(initial=0))
    made = plan(arithmetic, formats, largest, a.shape[2], "here")
    begin = np.broadcast_to(np.asarray(start, np.int64), (1, 1, 1))
    ready = factors(made, w, arithmetic.order)
    found = add_up(made, a, ready, begin, np.zeros((1, 1, 1), bool), arithmetic.order)
    return found, made.kind.itemsize * 8


def check(arithmetic, activations, weights, start=0, bits=(16, 16)) -> tuple[Sums, int]:
    """Every sum, flag and count."""
    found, width = computed(arithmetic, activations, weights, start, bits)
    units = [Fraction(2) ** -f for f in (arithmetic.act_fraction, arithmetic.weight_fraction)]
    acc_unit = Fraction(2) ** -arithmetic.acc_fraction
    lost = 0
    for g, f, p in np.ndindex(found.totals.shape):
        both = zip(activations[g][p], weights[g][f], strict=True)
        pairs = [(int(a) * units[0], int(w) * units[1]) for a, w in both]
        total, overflowed, more = naive_sum(
            pairs,
            arithmetic,
            arithmetic.product_fraction,
            arithmetic.acc_fraction,
            start * acc_unit,
        )
        lost += more
        where = (g, f, p, arithmetic)
        assert int(found.totals[g, f, p]) * acc_unit == total, where
        assert bool(found.overflowed[g, f, p]) == overflowed, where
    assert found.saturated_products == lost, arithmetic
    return found, width


@st.composite
def cases(draw):
    """Formats that bite and ones that are ample, operands from zero to the widest."""
    random = np.random.default_rng(draw(st.integers(0, 99_999)))
    act_bits, weight_bits = draw(st.integers(2, 16)), draw(st.integers(2, 16))
    act, weight = draw(st.integers(-3, 8)), draw(st.integers(-3, 8))
    product = act + weight - draw(st.integers(-3, 12))
    acc = product + draw(st.sampled_from((0, 0, 0, 1, 4)))
    arithmetic = Arithmetic(
        act_fraction=act,
        weight_fraction=weight,
        product_bits=draw(st.none() | st.integers(2, 33)),
        product_fraction=product,
        product_rounding=draw(st.sampled_from(ROUNDINGS)),
        product_overflow=draw(st.sampled_from(("wrap", "saturate"))),
        acc_bits=draw(st.integers(2, 26) | st.integers(2, 50)),
        acc_fraction=acc,
        overflow=draw(st.sampled_from(("wrap", "saturate"))),
        lanes=draw(st.sampled_from((1, 1, 2, 3, 8, 40))),
        order=draw(st.sampled_from(("ascending", "descending"))),
    )
    groups = draw(st.integers(1, 2))
    filters, positions = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    reduction = draw(st.sampled_from((1, 2, 5, 9, 16)))
    if draw(st.booleans()):
        filters = 17  # a panel and one more
    density = draw(st.sampled_from((0.0, 0.4, 1.0)))

    def operand(rows: int, bits: int) -> np.ndarray:
        shape = (groups, rows, reduction)
        reach = 1 << (bits - 1)
        return random.integers(-reach, reach, shape) * (random.random(shape) < density)

    start = int(random.integers(-(1 << (arithmetic.acc_bits - 1)), 1 << (arithmetic.acc_bits - 1)))
    return (
        arithmetic,
        operand(positions, act_bits),
        operand(filters, weight_bits),
        draw(st.sampled_from((0, start))),
        (act_bits, weight_bits),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_sums_flags_and_counts_are_those_of_fractions(case):
    check(*case)


def arithmetic(**changes) -> Arithmetic:
    """Whole operands, exact products, 8 bits of sum unless changed."""
    given = dict.fromkeys(("act_fraction", "weight_fraction", "product_fraction"), 0)
    return Arithmetic(**(given | {"acc_fraction": 0, "acc_bits": 8} | changes))


def one(machine: Arithmetic, activations, weights=None) -> tuple[int, bool, int]:
    """A single output: its sum, its flag, its count."""
    weights = [1] * len(activations) if weights is None else weights
    found, _ = computed(machine, [[activations]], [[weights]])
    return found.totals.item(), found.overflowed.item(), found.saturated_products


def test_a_sum_that_wraps():
    # 100 + 100 = 200 = 256 - 56; another 100: 44. The flag stays.
    assert one(arithmetic(), [100, 100]) == (-56, True, 0)
    assert one(arithmetic(), [100, 100, 100]) == (44, True, 0)
    assert one(arithmetic(), [100, 100, -100]) == (100, True, 0)
    assert one(arithmetic(), [127, 0, -128]) == (-1, False, 0)


def test_a_sum_that_saturates_does_not_come_back():
    machine = arithmetic(overflow="saturate")
    # 100, 127 (of 200), 27: three products; the other way round 0, then 100.
    assert one(machine, [100, 100, -100]) == (27, True, 0)
    assert one(machine.with_(order="descending"), [100, 100, -100]) == (100, False, 0)
    assert one(machine, [-100, -100]) == (-128, True, 0)


def test_an_adder_tree_hides_what_happens_in_it():
    # As in the page on overflow: 100, 100, -100 in 8 bits.
    made = [one(arithmetic(lanes=lanes), [100, 100, -100]) for lanes in (1, 2, 3)]
    assert made == [(100, True, 0), (100, True, 0), (100, False, 0)]
    saturated = arithmetic(overflow="saturate")
    made = [one(saturated.with_(lanes=lanes), [100, 100, -100])[0] for lanes in (1, 2, 3)]
    assert made == [27, 27, 100]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        # Products -7 .. 7 in quarters: -1.75 .. 1.75, rounded to whole ones.
        ("nearest_even", [-2, -2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]),
        ("toward_zero", [-1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
        ("down", [-2, -2, -2, -1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1]),
    ],
)
def test_products_are_rounded_one_by_one(rounding, expected):
    machine = arithmetic(act_fraction=2, product_rounding=rounding)
    found, _ = computed(machine, [[[n] for n in range(-7, 8)]], [[[1]]])
    assert found.totals[0, 0].tolist() == expected
    # Four quarters: each is rounded before they are added.
    assert one(machine, [1, 1, 1, 1])[0] == 0
    assert one(machine, [3, 3, 3, 3])[0] == (4 if rounding == "nearest_even" else 0)


def test_products_that_leave_their_format():
    narrow = {"product_bits": 4, "acc_bits": 12}
    # 3 * 5 = 15: -1 of 4 bits, or 7; -3 * 5 = -15: 1, or -8; 7 stays.
    wraps, clamps = (arithmetic(product_overflow=how, **narrow) for how in ("wrap", "saturate"))
    assert one(wraps, [3, -3, 7], [5, 5, 1]) == (-1 + 1 + 7, False, 2)
    assert one(clamps, [3, -3, 7], [5, 5, 1]) == (7 - 8 + 7, False, 2)


def test_the_sum_may_be_finer_than_the_products():
    # Products of whole ones, the sum in quarters of 6 bits: -8 to 7.75.
    machine = arithmetic(acc_fraction=2, acc_bits=6, overflow="saturate")
    assert one(machine, [7, 1]) == (31, True, 0)
    assert one(machine, [7, -1]) == (24, False, 0)


@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize(("bits", "width"), [(20, 32), (40, 64)])
def test_ample_widths_give_the_exact_product(order, bits, width):
    random = np.random.default_rng(3)
    a, w = random.integers(-128, 128, (2, 33, 70)), random.integers(-128, 128, (2, 21, 70))
    machine = arithmetic(acc_bits=bits, order=order, overflow="saturate")
    w = np.sign(w) * (np.abs(w) % 50)  # 70 * 128 * 49 lies below 2^19
    found, lanes = computed(machine, a, w, bits=(8, 8))
    assert lanes == width
    np.testing.assert_array_equal(found.totals, np.matmul(w, np.swapaxes(a, 1, 2)))
    assert not found.overflowed.any() and found.saturated_products == 0


@pytest.mark.parametrize("lanes", [1, 2, 4, 16])
@pytest.mark.parametrize("acc_bits", [12, 16, 24, 32])
def test_whole_operands_give_what_the_array_gives(lanes, acc_bits):
    """The array of `none` whose window is a multiple of its lanes cuts K into the same cycles."""
    random = np.random.default_rng(acc_bits * lanes)
    a = random.integers(-256, 256, (2, 19, 50)).astype(np.int16)
    w = random.integers(-128, 128, (2, 18, 50)).astype(np.int16)
    machine = ss.Accelerator(skipping="none", lanes=lanes, window=16, acc_bits=acc_bits)
    expected = exact_sums(LayerProduct("", lowered(2, 18, 19, 50), a, w, None, ""), machine)
    found, _ = computed(arithmetic(acc_bits=acc_bits, lanes=lanes), a, w, bits=(9, 8))
    np.testing.assert_array_equal(found.totals, expected.sums)
    np.testing.assert_array_equal(found.overflowed, expected.overflow)
    assert found.overflowed.any() == (acc_bits < 24)


def test_no_operands_at_all():
    found, _ = computed(arithmetic(), np.zeros((1, 2, 0)), np.zeros((1, 3, 0)), start=5)
    assert found.totals.tolist() == [[[5, 5]] * 3]
    found, _ = computed(arithmetic(), np.zeros((1, 0, 4)), np.ones((1, 3, 4)))
    assert found.totals.shape == (1, 3, 0)


def test_fractions_that_64_bits_do_not_hold():
    machine = arithmetic(act_fraction=-20, product_fraction=20, acc_fraction=20, acc_bits=62)
    with pytest.raises(SpecError) as refused:
        computed(machine, [[[1]]], [[[32767]]])
    assert str(refused.value) == (
        "here: sums need 72 bits before they are checked; use formats and lanes that keep it "
        "within 64"
    )
