"""Fractions that are chosen: by hand, and that they hold the worst that can come."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_intrinsic import naive_operand, naive_round, naive_sum

from sparsesim.errors import SpecError
from sparsesim.intrinsic.formats import Fixed, Heaviest, finest, settle, shifted
from sparsesim.spec.arithmetic import Arithmetic

EXAMPLES = int(300 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
ROUNDINGS = ("nearest_even", "toward_zero", "down")


@pytest.mark.parametrize(
    ("low", "high", "rounding", "fraction"),
    [
        (0.0, 1.0, "nearest_even", 6),  # 64; 128 is above 127
        (-1.0, 0.0, "nearest_even", 7),  # -128 is there
        (0.0, 0.99, "nearest_even", 7),  # 126.72: 127
        (0.0, 0.997, "nearest_even", 6),  # 127.6 would be 128
        (0.0, 0.997, "down", 7),
        (-1.001, 0.0, "down", 6),  # -128.1 would be -129
        (-1.001, 0.0, "toward_zero", 7),
        (0.0, 127.0, "nearest_even", 0),
        (-3.0, 1000.0, "nearest_even", -3),  # 125
        (0.0, 0.0, "nearest_even", 7),
        (0.0, 1e-30, "nearest_even", 64),  # no finer one is offered
    ],
)
def test_the_finest_fraction_by_hand(low, high, rounding, fraction):
    assert finest(low, high, 8, rounding) == fraction


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 16), st.sampled_from(ROUNDINGS))
def test_the_finest_fraction_saturates_no_value_and_the_next_one_does(a, b, bits, rounding):
    low, high = min(a, b), max(a, b)
    fraction = finest(low, high, bits, rounding)

    def holds(fraction: int) -> bool:
        unit = Fraction(2) ** -fraction
        return all(
            naive_operand(v, bits, fraction, rounding)
            == naive_round(Fraction(v) / unit, rounding) * unit
            for v in (low, high)
        )

    assert holds(fraction)
    assert fraction == 64 or (low, high) == (0, 0) or not holds(fraction + 1)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(0, 45), st.sampled_from(ROUNDINGS))
def test_dropping_bits_of_a_number(value, dropped, rounding):
    assert shifted(value, dropped, rounding) == naive_round(Fraction(value, 2**dropped), rounding)


def test_settling_by_hand():
    # Weights 3, -5, 2 of 4 bits with fraction 2, activations of 4 bits with fraction 1: products up
    # to 5 * 8 = 40, sums up to 10 * 8 = 80, in eighths.
    operands, heaviest = (Fixed(4, 1), Fixed(4, 2)), Heaviest(5, 10, 3)

    def fractions(**given) -> tuple[int, int]:
        formats = settle(Arithmetic(**given), *operands, heaviest, "here")
        assert formats.acc.bits == given["acc_bits"] and formats.exact_fraction == 3
        return formats.product_fraction, formats.acc.fraction

    assert fractions(acc_bits=8) == (3, 3)
    # 63 hold no 80. A bit less: 40, and a half for each of three products: 41.
    assert fractions(acc_bits=7) == (2, 2)
    assert fractions(acc_bits=6) == (1, 1)  # 31: 20 + 1.5
    assert fractions(acc_bits=6, product_rounding="down") == (1, 1)  # 20 + 3 * 3 / 4
    assert fractions(acc_bits=5, product_rounding="toward_zero") == (0, 0)  # 15: 10
    # Products of 6 bits: 40 is above 31, 20 is not; the sum follows, or has its own.
    assert fractions(acc_bits=8, product_bits=6) == (2, 2)
    assert fractions(acc_bits=8, product_bits=6, acc_fraction=5) == (2, 5)
    assert fractions(acc_bits=8, product_bits=6, acc_fraction=0) == (0, 0)
    # What is given is kept, whether it holds the sums or not.
    assert fractions(acc_bits=4, product_fraction=3) == (3, 3)
    assert fractions(acc_bits=4, product_fraction=1, acc_fraction=6) == (1, 6)
    chosen = settle(Arithmetic(act_fraction=1), *operands, heaviest, "here").chosen
    assert chosen == ("weight_fraction", "product_fraction", "acc_fraction")


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.integers(-8, 7), min_size=1, max_size=6),
    st.integers(2, 5),
    st.sampled_from(ROUNDINGS),
    st.none() | st.integers(2, 8),
    st.integers(4, 12),
    st.sampled_from((1, 2)),
)
def test_nothing_leaves_chosen_formats(weights, act_bits, rounding, product_bits, acc_bits, lanes):
    arithmetic = Arithmetic(
        product_bits=product_bits, product_rounding=rounding, acc_bits=acc_bits, lanes=lanes
    )
    act, weight = Fixed(act_bits, 1), Fixed(4, 2)
    sizes = [abs(w) for w in weights]
    heaviest = Heaviest(max(sizes), sum(sizes), len(weights))
    try:
        formats = settle(arithmetic, act, weight, heaviest, "here")
    except SpecError as error:
        assert str(error) == (
            f"here: acc_bits {acc_bits} hold no sum of {len(weights)} rounded products; give "
            "acc_fraction, or more bits"
        )
        return
    assert formats.product_fraction == formats.acc.fraction <= 3
    # The worst of both signs, and what lies beside it: rounding is not monotonous in the sum.
    for sign in (1, -1):
        for step in range(3):
            ends = (act.low + step, act.high - step)
            worst = [
                (Fraction(max(ends, key=lambda a: sign * a * w), 2), Fraction(w, 4))
                for w in weights
            ]
            _, overflowed, lost = naive_sum(
                worst, arithmetic, formats.product_fraction, formats.acc.fraction
            )
            assert not overflowed and lost == 0


@pytest.mark.parametrize("ends", [(np.nan, np.nan), (0.0, np.inf), (-np.inf, 1.0)])
def test_no_fraction_for_what_is_no_number(ends):
    with pytest.raises(SpecError) as raised:
        finest(*ends, 8, "nearest_even")
    assert str(raised.value) == "some values are NaN or infinity, which no fraction holds"
