"""Sparsifiers against sums by hand and naive twins."""

from __future__ import annotations

import statistics
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from pydantic import Field
from sparsify_models import FLOAT, model, node

from sparsesim.errors import InputError, SpecError
from sparsesim.sparsity.sparsifiers import (
    find_sparsifier,
    registry,
    sparsifier,
    sparsifier_names,
    summaries,
)

EITHER = "top_k takes either keep or count; give one of the two"
SMALL = st.integers(-3, 3).map(float)  # few values: many ties
ROWS = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=SMALL)


def apply(name: str, values: Any, **parameters: Any) -> NDArray[Any]:
    return find_sparsifier(name).apply(np.asarray(values), **parameters)


def test_magnitude_zeroes_the_edge_too() -> None:
    values = np.array([[-0.3, -0.2, -0.1, -0.0, 0.0, 0.1, 0.2, 0.3]], np.float32)
    expected = np.array([[-0.3, 0, 0, 0, 0, 0, 0, 0.3]], np.float32)
    result = apply("magnitude", values, threshold=0.2)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == np.float32
    assert not np.signbit(result[0, 1:7]).any()


def test_magnitude_compares_with_the_threshold_in_float32() -> None:
    """float32(0.1) is above 0.1: as Shrink's attribute it takes in what lies between."""
    edge = float(np.float32(0.1))
    assert edge > 0.1
    values = np.array([[edge, np.nextafter(edge, 1.0)]])  # float64
    np.testing.assert_array_equal(apply("magnitude", values, threshold=0.1), [[0, values[0, 1]]])


@given(ROWS, st.sampled_from([0.0, 0.5, 1.0, 2.0, 9.0]))
def test_magnitude_equals_shrink(values: NDArray[np.float32], threshold: float) -> None:
    shrink = node("Shrink", "x", "y", lambd=threshold, bias=0.0)
    made = model([shrink], {}, {"x": (FLOAT, [None, None])}, {"y": (FLOAT, [None, None])})
    (expected,) = ReferenceEvaluator(made).run(None, {"x": values})
    np.testing.assert_array_equal(apply("magnitude", values, threshold=threshold), expected)


@given(ROWS, st.integers(0, 100))
def test_top_k_keeps_the_first_of_equal_ones(values: NDArray[np.float32], count: int) -> None:
    flat = values.reshape(-1)
    order = sorted(range(flat.size), key=lambda i: (-abs(flat[i]), i))[:count]
    expected = np.zeros_like(flat)
    expected[order] = flat[order]
    result = apply("top_k", values, count=count)
    np.testing.assert_array_equal(result, expected.reshape(values.shape))


def test_top_k_rounds_a_share_half_to_even() -> None:
    values = np.arange(1.0, 6.0).reshape(1, 5)
    counts = [np.count_nonzero(apply("top_k", values, keep=k)) for k in (0, 0.1, 0.3, 0.5, 1.0)]
    assert counts == [0, 0, 2, 2, 5]  # of 0, 0.5, 1.5, 2.5 and 5


@given(ROWS, st.integers(1, 6), st.integers(0, 5))
def test_n_m_keeps_the_n_largest_of_each_m(values: NDArray[np.float32], m: int, below: int) -> None:
    n = max(1, m - below)
    expected = np.zeros_like(values)
    for row, out in zip(values, expected, strict=True):
        for start in range(0, row.size, m):
            group = range(start, min(start + m, row.size))
            for i in sorted(group, key=lambda i: (-abs(row[i]), i))[:n]:
                out[i] = row[i]
    np.testing.assert_array_equal(apply("n_m", values, n=n, m=m), expected)


def test_empty_arrays_stay_empty() -> None:
    empty = np.zeros((0, 4), np.float32)
    for name, parameters in [
        ("magnitude", {"threshold": 1.0}),
        ("top_k", {"keep": 0.5}),
        ("n_m", {"n": 1, "m": 2}),
    ]:
        assert apply(name, empty, **parameters).shape == (0, 4)


@pytest.mark.parametrize(
    ("name", "parameters", "line"),
    [
        ("magnitude", {}, "key 'threshold' is missing"),
        ("magnitude", {"treshold": 1.0}, "unknown key 'treshold'; did you mean 'threshold'?"),
        ("magnitude", {"threshold": -0.5}, "threshold -0.5 is out of range; use 0 to 3.4e+38"),
        (
            "magnitude",
            {"threshold": float("nan")},
            "threshold nan is not a finite number; use 0 to 3.4e+38",
        ),
        ("magnitude", {"threshold": "1"}, "threshold '1' is not a number; use 0 to 3.4e+38"),
        ("top_k", {"keep": 1.5}, "keep 1.5 is out of range; use 0 to 1"),
        ("top_k", {"count": 2.5}, "count 2.5 is not a whole number; use 0 or more"),
        ("top_k", {}, "top_k takes either keep or count; give one of the two"),
        (
            "top_k",
            {"keep": 0.5, "count": 2},
            "top_k takes either keep or count; give one of the two",
        ),
        ("n_m", {"n": 0, "m": 4}, "n 0 is out of range; use 1 or more"),
        ("n_m", {"n": 5, "m": 4}, "n 5 is out of range; use 1 to m, which is 4"),
    ],
)
def test_wrong_parameters_are_one_line(name: str, parameters: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecError) as caught:
        apply(name, np.ones((1, 4)), **parameters)
    assert str(caught.value) == line


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_must_be_finite(value: float) -> None:
    with pytest.raises(InputError) as caught:
        apply("magnitude", [[1.0, value]], threshold=0.5)
    assert str(caught.value) == "magnitude: the array holds NaN or infinity; give finite numbers"


def test_an_unknown_name_has_a_hint() -> None:
    with pytest.raises(SpecError) as caught:
        find_sparsifier("topk")
    assert str(caught.value) == "unknown sparsifier 'topk'; did you mean 'top_k'?"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.mark.usefixtures("clean")
def test_a_function_of_one_s_own() -> None:
    @sparsifier("above_mean")
    def above_mean(values: NDArray, factor: Annotated[float, Field(ge=0)] = 1.0) -> NDArray:
        return np.where(np.abs(values) > factor * np.abs(values).mean(), values, 0)

    assert "above_mean" in sparsifier_names()
    values = np.array([[1, 2, -9]], np.float32)
    result = apply("above_mean", values)
    np.testing.assert_array_equal(result, [[0, 0, -9]])
    assert result.dtype == np.float32
    assert find_sparsifier("above_mean").settings({}) == {"factor": 1.0}
    with pytest.raises(SpecError) as caught:
        apply("above_mean", values, factor=-1.0)
    assert str(caught.value) == "factor -1.0 is out of range; use 0 or more"


def test_summaries_say_what_each_does_and_takes() -> None:
    assert summaries() == {
        "magnitude": "|x| <= threshold becomes 0 (parameters: threshold)",
        "n_m": "Keep n of every m along the reduction; of equal magnitudes the first "
        "(parameters: n, m)",
        "top_k": "Keep the largest magnitudes of the whole array; of equal ones the first in its "
        "order (parameters: keep, count)",
    }


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("name", ["magnitude", "mine"])
def test_a_name_is_taken_once(name: str) -> None:
    if name == "mine":
        sparsifier(name)(np.abs)
    with pytest.raises(SpecError) as caught:
        sparsifier(name)(lambda values: values)
    assert str(caught.value) == f"sparsifier '{name}' is already registered; use another name"


@pytest.mark.usefixtures("clean")
def test_a_result_of_another_shape_is_refused() -> None:
    sparsifier("flat")(lambda values: values.reshape(-1))
    with pytest.raises(SpecError) as caught:
        apply("flat", np.ones((2, 2)))
    line = "sparsifier 'flat' made shape (4,) of (2, 2); it must keep the shape"
    assert str(caught.value) == line


@pytest.mark.usefixtures("clean")
def test_the_argument_is_never_changed() -> None:
    @sparsifier("in_place")
    def in_place(values: NDArray) -> NDArray:
        values[...] = 0
        return values

    with pytest.raises(ValueError, match="read-only"):
        apply("in_place", np.ones((1, 2)))


@pytest.mark.usefixtures("clean")
def test_sparsifiers_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    good = EntryPoint("flat", "statistics:mean", registry.ENTRY_POINTS)
    bad = EntryPoint("broken", "no_such_package:x", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [good, bad])
    assert sparsifier_names() == ("broken", "flat", "magnitude", "n_m", "top_k")
    assert find_sparsifier("flat").function is statistics.mean
    assert summaries()["broken"].startswith("sparsifier 'broken' of no_such_package:x")
    with pytest.raises(SpecError) as caught:
        find_sparsifier("broken")
    assert str(caught.value) == (
        "sparsifier 'broken' of no_such_package:x does not load: No module named 'no_such_package'"
    )
