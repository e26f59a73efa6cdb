"""Requantising against Python's integers: ties, extremes, all widths of the accumulator."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from naive_requantise import naive_requantise, naive_scale

from sparsesim.errors import ModelError
from sparsesim.fixed_point.requantise import requantise, scale_of

EXAMPLES = int(400 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
TOP = 2**31  # the least multiplier: a shift of 31 + n divides by 2^n


def one(total, bias=0, multiplier=TOP, shift=31, relu=False, threshold=0, zero=0, span=(-256, 255)):
    """One value through the kernel."""
    sums = np.array([[total]], np.int64)
    z = requantise(sums, [bias], [multiplier], [shift], relu, threshold, zero, *span)
    assert (z.dtype, z.shape) == (np.int16, (1, 1))
    return int(z[0, 0])


def signed(bits):
    """Numbers of so many bits, their ends often."""
    ends = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, -1, 0, 1]
    return st.sampled_from(ends) | st.integers(ends[0], ends[1])


@st.composite
def cases(draw):
    """A sum and its numbers: any at all, or such that the product is at or beside a tie."""
    shift = draw(st.integers(0, 63))
    tops = st.sampled_from((TOP, 2**32 - 1, 3 << 30)) | st.integers(TOP, 2**32 - 1)
    multiplier = draw(tops | st.integers(0, TOP))
    bias = draw(signed(32))
    if draw(st.booleans()):
        total = draw(st.integers(8, 64).flatmap(signed))
    else:  # (total + bias) * multiplier near (n + 1/2) * 2^shift, n small
        steps = draw(st.integers(-600, 600)) * 2 + 1
        near = steps * 2**shift // (2 * max(multiplier, 1))
        total = near - bias + draw(st.integers(-1, 1))
        total = min(max(total, -(2**63)), 2**63 - 1)
    low, high = draw(st.sampled_from(((0, 255), (-128, 127), (-256, 255), (3, 200), (7, 7))))
    zero = draw(st.integers(-128, 255))
    threshold = draw(st.sampled_from((0, 1, 2, 511)) | st.integers(0, 511))
    return total, bias, multiplier, shift, draw(st.booleans()), threshold, zero, low, high


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
@example((-(2**63), -(2**31), 2**32 - 1, 0, False, 0, 0, -256, 255))  # v of 65 bits, p of 97
@example((2**63 - 1, 2**31 - 1, 2**32 - 1, 63, False, 0, 0, -256, 255))
@example((2**63 - 1, 2**31 - 1, 2**32 - 1, 0, False, 0, 0, -256, 255))
@example((-(2**63), 0, TOP, 63, False, 0, 0, -256, 255))
@example((-(2**63), 2**31 - 1, TOP, 63, False, 0, 0, -256, 255))
def test_the_kernel_is_python_integers(case):
    total, bias, multiplier, shift, relu, threshold, zero, low, high = case
    got = one(total, bias, multiplier, shift, relu, threshold, zero, (low, high))
    assert got == naive_requantise(*case)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 63), st.integers(TOP, 2**32 - 1), st.data())
def test_values_in_range_are_rounded_not_only_clamped(shift, multiplier, data):
    # v is chosen so that |y| stays below 256: every shift meets its own rounding.
    reach = min(2**63 - 1, 255 * 2**shift // multiplier)
    total = data.draw(st.integers(-reach, reach))
    expected = round(Fraction(total * multiplier, 2**shift))
    assert one(total, 0, multiplier, shift) == expected


@pytest.mark.parametrize("shift", [32, 33, 34, 40, 63])
def test_ties_go_to_the_even_neighbour(shift):
    unit = 2 ** (shift - 31)  # a sum of one unit is one output step
    halves = [one(n * unit // 2, shift=shift) for n in range(-7, 8)]
    assert halves == [-4, -3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4]
    if unit > 2:  # beside the tie: one unit of the sum decides
        assert [one(unit // 2 + d, shift=shift) for d in (-1, 0, 1)] == [0, 0, 1]
        assert [one(-unit // 2 + d, shift=shift) for d in (-1, 0, 1)] == [-1, 0, 0]


@pytest.mark.parametrize(
    ("total", "numbers", "expected"),
    [
        (-5, {"relu": True, "zero": 10}, 10),
        (5, {"relu": True, "zero": 10}, 15),
        (3, {"threshold": 3, "zero": 10}, 10),  # the edge is zero
        (-3, {"threshold": 3, "zero": 10}, 10),
        (4, {"threshold": 3, "zero": 10}, 14),
        (-4, {"threshold": 3, "zero": 10}, 6),
        (-4, {"threshold": 3, "zero": 10, "relu": True}, 10),
        (300, {"zero": -128, "span": (-128, 127)}, 127),
        (-300, {"zero": 5, "span": (0, 255)}, 0),
        (7, {"bias": -7}, 0),
    ],
)
def test_relu_threshold_zero_point_and_clamp(total, numbers, expected):
    assert one(total, **numbers) == expected


def test_each_filter_has_its_own_numbers():
    random = np.random.default_rng(3)
    sums = random.integers(-(2**31), 2**31, (2, 3, 5))
    bias = random.integers(-(2**31), 2**31, (2, 3))
    multiplier = random.integers(TOP, 2**32, (2, 3)).astype(np.uint32)
    shift = random.integers(52, 60, (2, 3)).astype(np.uint8)
    got = requantise(sums, bias, multiplier, shift, False, 2, 3, -128, 127)
    for g, f, p in np.ndindex(sums.shape):
        numbers = [int(a[g, f]) for a in (bias, multiplier, shift)]
        assert got[g, f, p] == naive_requantise(
            int(sums[g, f, p]), *numbers, False, 2, 3, -128, 127
        )
    shared = requantise(sums, 9, multiplier[0, 0], 55, True, 0, 0, 0, 255)
    assert shared[1, 2, 4] == naive_requantise(
        int(sums[1, 2, 4]), 9, int(multiplier[0, 0]), 55, True, 0, 0, 0, 255
    )
    assert requantise(sums[:, :, :0], bias, multiplier, shift, False, 0, 0, 0, 255).shape == (
        2,
        3,
        0,
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.floats(0, 2.0**32, exclude_max=True)
    | st.floats(2.0**-64, 2.0**-32)
    | st.integers(-32, 31).map(lambda e: float(np.nextafter(2.0 ** (e + 1), 0)))
)
@example(0.0)
@example(2.0**-64)
@example(float(np.nextafter(2.0**-32, 0)))
@example(2.0**-32)
@example(float(np.nextafter(2.0**32, 0)))
@example(2.0**32 - 0.5)
@example(1.0)
def test_the_scale_is_the_nearest_there_is(real):
    multiplier, shift = scale_of(np.float64(real))
    assert (multiplier.dtype, shift.dtype) == (np.uint32, np.uint8)
    assert int(multiplier) < 2**32 and 0 <= int(shift) <= 63
    assert int(multiplier) >= TOP or real < 2.0**-32
    got = Fraction(int(multiplier), 2 ** int(shift))
    assert abs(got - Fraction(real)) == abs(naive_scale(real) - Fraction(real))
    if real >= 2.0**-32 and real == float(np.float32(real)):
        assert got == Fraction(real)


@pytest.mark.parametrize(
    ("real", "said"),
    [
        (-0.5, "-0.5"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (2.0**32, "4294967296.0"),
    ],
)
def test_a_scale_out_of_range_is_refused(real, said):
    with pytest.raises(ModelError) as raised:
        scale_of(np.array([0.5, real, 0.25]), "conv1")
    assert str(raised.value) == (
        f"conv1: requantising by {said} is out of range; the datapath scales by 0 to below 2^32"
    )
