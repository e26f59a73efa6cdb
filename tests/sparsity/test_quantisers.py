"""Quantisers against values worked out by hand, exact fractions and properties."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sparsesim.errors import InputError, SpecError
from sparsesim.sparsity.quantisers import (
    QUANTISERS,
    find_quantiser,
    quantiser,
    quantiser_names,
)

ROWS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-70000, 70000, width=32) | st.floats(-2, 2, width=32),
)
ROUNDINGS = ("toward_zero", "down", "nearest_even", "stochastic")
ALL: dict[str, dict[str, Any]] = {
    "binary": {},
    "fixed_point": {"width": 8, "fraction": 4},
    "float16": {},
    "logarithmic": {"min_exponent": -6, "max_exponent": 4},
    "ternary": {},
}


def apply(name: str, values: Any, kind: Any = np.float32, **parameters: Any) -> NDArray[Any]:
    return find_quantiser(name).apply(np.asarray(values, kind), **parameters)


def fixed(values: Any, width: int, fraction: int, rounding: str = "nearest_even") -> NDArray[Any]:
    return apply("fixed_point", [values], width=width, fraction=fraction, rounding=rounding)[0]


@pytest.mark.parametrize(
    ("width", "fraction", "least", "largest"),
    [
        (8, 0, -128, 127),
        (8, 4, -8, 7.9375),  # 2^(8-1-4) - 2^-4 = 8 - 1/16; twice that would be 15.9375
        (8, 7, -1, 0.9921875),
        (4, 4, -0.5, 0.4375),
        (4, 6, -0.125, 0.109375),  # 2^-3 - 2^-6
        (4, -2, -32, 28),  # steps of 4: -8 to 7 of them
        (1, 0, -1, 0),
        (16, 8, -128, 127.99609375),
        (24, 0, -8388608, 8388607),
        (24, 24, -0.5, 0.5 - 2.0**-24),
    ],
)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_largest_and_the_least_fixed_point_value(
    width: int, fraction: int, least: float, largest: float, rounding: str
) -> None:
    """2^(W-1-F) - 2^-F and -2^(W-1-F): W bits in all, the sign among them."""
    far = [3.4e38, 1e9, largest, least, -1e9, -3.4e38]
    expected = [largest, largest, largest, least, least, least]
    np.testing.assert_array_equal(fixed(far, width, fraction, rounding), expected)


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        # of -2.5 -1.75 -1.5 -0.5 -0.25 0.25 0.5 0.75 1.5 2.5 in steps of 1
        ("toward_zero", [-2, -1, -1, 0, 0, 0, 0, 0, 1, 2]),
        ("down", [-3, -2, -2, -1, -1, 0, 0, 0, 1, 2]),
        ("nearest_even", [-2, -2, -2, 0, 0, 0, 0, 1, 2, 2]),
    ],
)
@pytest.mark.parametrize("fraction", [0, 3, -3, 20, -20])
def test_fixed_point_rounds_by_hand(rounding: str, expected: list[int], fraction: int) -> None:
    values = np.array([-2.5, -1.75, -1.5, -0.5, -0.25, 0.25, 0.5, 0.75, 1.5, 2.5])
    step = 2.0**-fraction
    result = fixed(values * step, 8, fraction, rounding)
    np.testing.assert_array_equal(result, np.array(expected) * step)
    assert not np.signbit(result[result == 0]).any()


@given(
    st.floats(-(2.0**40), 2.0**40, width=32).filter(lambda x: x == 0 or abs(x) > 1e-20),
    st.integers(1, 24),
    st.integers(-20, 30),
    st.sampled_from(ROUNDINGS),
)
def test_fixed_point_against_exact_fractions(x: float, width: int, fraction: int, how: str) -> None:
    steps = Fraction(x) * Fraction(2) ** fraction
    down = math.floor(steps)
    allowed = {
        "toward_zero": {math.trunc(steps)},
        "down": {down},
        "nearest_even": {round(steps)},
        "stochastic": {down, math.ceil(steps)},
    }[how]
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    got = Fraction(float(fixed([x], width, fraction, how)[0])) * Fraction(2) ** fraction
    assert got in {min(max(q, low), high) for q in allowed}


def test_stochastic_rounding_keeps_the_mean_and_the_grid() -> None:
    """0.3 of a step: up in 30 % of 40,000 cases, within 6 standard deviations."""
    values = np.full((200, 200), 5.3, np.float32)
    parameters = {"width": 8, "fraction": 0, "rounding": "stochastic"}
    result = apply("fixed_point", values, seed=1, **parameters)
    assert set(np.unique(result)) == {5, 6}
    share, deviation = float(np.float32(5.3)) - 5, math.sqrt(0.3 * 0.7 / 40000)
    assert abs((result == 6).mean() - share) < 6 * deviation
    down = apply("fixed_point", -values, seed=1, **parameters)
    assert abs((down == -5).mean() - (1 - share)) < 6 * deviation
    np.testing.assert_array_equal(apply("fixed_point", values, seed=1, **parameters), result)
    assert (apply("fixed_point", values, seed=2, **parameters) != result).any()
    grid = np.arange(-128, 128, dtype=np.float32).reshape(16, 16)
    np.testing.assert_array_equal(apply("fixed_point", grid, seed=3, **parameters), grid)
    largest = np.full((9, 9), 2.0**23 - 1, np.float32)  # a sum with the draw would round up
    wide = {"width": 24, "fraction": 0, "rounding": "stochastic"}
    np.testing.assert_array_equal(apply("fixed_point", largest, **wide), largest)


def test_logarithmic_by_hand() -> None:
    """Powers from 1/4 to 4; midway (3/8, 3/4, 1.5, 3) goes up, half of 1/4 to zero."""
    cases = {
        0.0: 0, 0.125: 0, 0.1250001: 0.25, 0.2: 0.25, 0.37499997: 0.25, 0.375: 0.5, 0.5: 0.5,
        0.7499999: 0.5, 0.75: 1, 1: 1, 1.4999999: 1, 1.5: 2, 2.9999998: 2, 3: 4, 4: 4, 5.9: 4,
        6: 4, 3.4e38: 4, 1e-45: 0,
    }  # fmt: skip
    given_, expected = np.array(list(cases), np.float32), np.array(list(cases.values()))
    both = apply("logarithmic", [given_, -given_], min_exponent=-2, max_exponent=2)
    np.testing.assert_array_equal(both, [expected, -expected])
    assert not np.signbit(both[both == 0]).any()


def test_logarithmic_is_exact_for_every_significand() -> None:
    """All 2^23 floats from 1 to 2: below 1.5 down to 1, from 1.5 on up to 2."""
    values = np.arange(2**23, dtype=np.uint32) + np.float32(1).view(np.uint32)
    result = apply("logarithmic", values.view(np.float32), min_exponent=-1, max_exponent=3)
    assert (result[: 2**22] == 1).all() and (result[2**22 :] == 2).all()


@given(ROWS, st.integers(-100, 17), st.integers(0, 30))
def test_logarithmic_is_nearest(values: NDArray, least: int, more: int) -> None:
    largest = least + more
    result = apply("logarithmic", values, min_exponent=least, max_exponent=largest)
    for before, after in zip(values.reshape(-1), result.reshape(-1), strict=True):
        x = abs(Fraction(float(before)))
        grid = [Fraction(0), *(Fraction(2) ** e for e in range(least, largest + 1))]
        apart = abs(abs(Fraction(float(after))) - x)
        assert abs(Fraction(float(after))) in grid
        assert apart == min(abs(power - x) for power in grid)
        assert after == 0 or (after < 0) == (before < 0)


def test_float16_by_hand() -> None:
    """11 significant bits: 2049 lies midway between 2048 and 2050; 65504 is the largest."""
    values = [2049, 2051, -2049, 65504, 65519, 65520, 1e38, -1e38, 2.0**-24, 2.0**-25, -(2.0**-26)]
    values += [1.5 * 2.0**-24, 2.5 * 2.0**-24, 0.1]
    expected = [2048, 2052, -2048, 65504, 65504, 65504, 65504, -65504, 2.0**-24, 0, 0]
    expected += [2 * 2.0**-24, 2 * 2.0**-24, 0.0999755859375]
    result = apply("float16", [values])
    np.testing.assert_array_equal(result, [expected])
    assert result.dtype == np.float32
    assert not np.signbit(result[result == 0]).any()
    assert not np.signbit(apply("float16", [[-0.0]], np.float16)).any()


def test_binary_by_hand() -> None:
    values = [[-3, -0.0, 0.0], [1, 0.5, -1.5]]
    np.testing.assert_array_equal(apply("binary", values), [[-1, 1, 1], [1, 1, -1]])  # mean 6/6
    expected = np.array([[-0.3, 0.3, 0.3], [0.3, 0.3, -0.3]], np.float32)
    np.testing.assert_array_equal(apply("binary", values, scale=0.3), expected)
    nothing = apply("binary", [[0.0, -0.0]])
    assert not nothing.any() and not np.signbit(nothing).any()


def test_ternary_by_hand() -> None:
    """Mean magnitude 10 / 4 = 2.5, threshold 1.75; of 2, 3 and 4 above it the mean is 3."""
    values = [[-2, 1, 3, -4]]
    np.testing.assert_array_equal(apply("ternary", values), [[-3, 0, 3, -3]])
    np.testing.assert_array_equal(apply("ternary", values, threshold=2), [[0, 0, 3.5, -3.5]])
    np.testing.assert_array_equal(
        apply("ternary", values, threshold=3, scale=0.5), [[0, 0, 0, -0.5]]
    )
    zeros = apply("ternary", [[0.0, -0.0]])
    assert not zeros.any() and not np.signbit(zeros).any()
    assert not np.signbit(apply("ternary", [[-1.0, 5.0]], threshold=2, scale=1)[0, 0])


@pytest.mark.parametrize("name", QUANTISERS.built_in)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_shape_type_and_zeros(name: str, kind: type) -> None:
    @given(ROWS)
    def holds(values: NDArray) -> None:
        with np.errstate(over="ignore"):
            values = np.clip(values, -30000, 30000).astype(kind)
        before = values.copy()
        once = apply(name, values, kind, **ALL[name])
        np.testing.assert_array_equal(values, before)
        assert (once.shape, once.dtype) == (values.shape, np.dtype(kind))
        assert not np.signbit(once[once == 0]).any()
        assert (once * values.astype(np.float64) >= 0).all()  # no sign turns

    holds()


@given(ROWS, st.sampled_from(ROUNDINGS), st.integers(1, 24), st.integers(-10, 10))
def test_what_lies_on_the_grid_stays(
    values: NDArray, rounding: str, width: int, fraction: int
) -> None:
    grids: dict[str, dict[str, Any]] = {
        "fixed_point": {"width": width, "fraction": fraction, "rounding": rounding},
        "float16": {},
        "logarithmic": {"min_exponent": -6, "max_exponent": 4},
        "ternary": {"threshold": 0.5, "scale": 1.0},
        "binary": {"scale": 0.25},
    }
    assert set(grids) == set(QUANTISERS.built_in)
    for name, parameters in grids.items():
        once = apply(name, values, **parameters)
        np.testing.assert_array_equal(apply(name, once, **parameters), once)


@given(ROWS, st.integers(2, 24), st.integers(-10, 10))
def test_the_error_of_fixed_point_is_bounded(values: NDArray, width: int, fraction: int) -> None:
    step = 2.0**-fraction
    low, high = -(2.0 ** (width - 1)) * step, (2.0 ** (width - 1) - 1) * step
    inside = np.clip(values, low, high)
    bounds = {"nearest_even": step / 2, "down": step, "toward_zero": step, "stochastic": step}
    for rounding, bound in bounds.items():
        parameters = {"width": width, "fraction": fraction, "rounding": rounding}
        error = np.abs(apply("fixed_point", values, **parameters).astype(float) - inside)
        assert error.max() <= bound


@given(ROWS)
def test_the_error_of_float16_is_bounded(values: NDArray) -> None:
    inside = np.clip(values, -65504, 65504).astype(float)
    error = np.abs(apply("float16", values).astype(float) - inside)
    assert (error <= np.maximum(np.abs(inside) * 2.0**-11, 2.0**-25)).all()


@given(ROWS)
def test_the_default_scales_are_the_best_for_their_signs(values: NDArray) -> None:
    """binary: no other scale has a smaller squared error (XNOR-Net, eq. 6)."""
    ours = apply("binary", values).astype(float)
    scale = np.abs(ours).max()
    error = ((values - ours) ** 2).sum()
    for other in (scale * 0.99, scale * 1.01):
        worse = ((values - np.where(values < 0, -other, other)) ** 2).sum()
        assert error <= worse * (1 + 1e-6) + 1e-30


def test_empty_arrays_stay_empty() -> None:
    assert set(ALL) == set(QUANTISERS.built_in)
    for name, parameters in ALL.items():
        assert apply(name, np.zeros((0, 4)), **parameters).shape == (0, 4)


@pytest.mark.parametrize("name", QUANTISERS.built_in)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_must_be_finite(name: str, value: float) -> None:
    with pytest.raises(InputError) as caught:
        apply(name, [[1.0, value]], **ALL[name])
    assert str(caught.value) == f"{name}: the array holds NaN or infinity; give finite numbers"


def test_integers_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        apply("binary", [[1, 2]], np.int8)
    assert str(caught.value) == "binary: the array is int8; a quantiser takes floats"


def test_what_float16_cannot_hold_is_one_line() -> None:
    with pytest.raises(SpecError) as caught:
        apply("logarithmic", [[60000]], np.float16, min_exponent=0, max_exponent=20)
    line = "quantiser 'logarithmic' made NaN or infinity of finite float16 numbers"
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("name", "parameters", "line"),
    [
        ("fixed_point", {"width": 8}, "key 'fraction' is missing"),
        ("fixed_point", {"width": 0, "fraction": 0}, "width 0 is out of range; use 1 to 24"),
        ("fixed_point", {"width": 8, "fraction": 65}, "fraction 65 is out of range; use -64 to 64"),
        (
            "fixed_point",
            {"width": 8, "fraction": 4.5},
            "fraction 4.5 is not a whole number; use -64 to 64",
        ),
        (
            "fixed_point",
            {"width": 8, "fraction": 4, "rounding": "nearest"},
            "rounding 'nearest' is unknown; did you mean 'nearest_even'?",
        ),
        (
            "logarithmic",
            {"min_exponent": 3, "max_exponent": 2},
            "min_exponent 3 is out of range; use -100 to max_exponent, which is 2",
        ),
        (
            "logarithmic",
            {"min_exponent": 3, "max_exponent": 101},
            "max_exponent 101 is out of range; use -100 to 100",
        ),
        ("binary", {"scale": 0}, "scale 0 is out of range; use more than 0"),
        ("ternary", {"threshold": -1}, "threshold -1 is out of range; use 0 to 65504"),
        ("float16", {"scale": 1}, "unknown key 'scale'; no key is known here"),
    ],
)
def test_wrong_parameters_are_one_line(name: str, parameters: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecError) as caught:
        apply(name, np.ones((1, 4)), **parameters)
    assert str(caught.value) == line


def test_names_of_sparsifiers_and_quantisers_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QUANTISERS, "_registered", dict(QUANTISERS._registered))
    assert set(QUANTISERS.built_in) <= set(quantiser_names())
    quantiser("magnitude")(lambda values: values)  # a sparsifier's name is free here
    assert find_quantiser("magnitude").kind == "quantiser"
    with pytest.raises(SpecError) as caught:
        quantiser("binary")(lambda values: values)
    assert str(caught.value) == "quantiser 'binary' is already registered; use another name"
    with pytest.raises(SpecError) as caught:
        find_quantiser("top_k")
    assert str(caught.value).startswith("unknown quantiser 'top_k'; use one of binary, fixed_point")
