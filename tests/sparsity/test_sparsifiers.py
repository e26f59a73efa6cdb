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
from sparsesim.sparsity import registry
from sparsesim.sparsity.sparsifiers import (
    SPARSIFIERS,
    find_sparsifier,
    sparsifier,
    sparsifier_names,
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


def test_relative_zeroes_the_edge_too() -> None:
    values = np.array([[-4.0, -1.0, -0.0, 0.0], [0.5, 1.0, 1.5, 2.0]], np.float32)
    result = apply("relative", values, fraction=0.25)  # at or below 1
    np.testing.assert_array_equal(result, [[-4, 0, 0, 0], [0, 0, 1.5, 2]])
    assert not np.signbit(result[0, 1:]).any()
    assert not apply("relative", values, fraction=1).any()
    np.testing.assert_array_equal(apply("relative", values, fraction=0), values)


def test_relative_rounds_its_edge_to_the_type_of_the_values() -> None:
    """0.1 * 3 in float32 is 0.3 rounded up, 0.30000001192...; the next float stays."""
    edge = np.float32(0.1) * np.float32(3)
    values = np.array([[3, edge, np.nextafter(edge, np.float32(1))]], np.float32)
    result = apply("relative", values, fraction=0.1)
    np.testing.assert_array_equal(result, [[3, 0, values[0, 2]]])


def test_quantile_takes_equal_magnitudes_together_and_top_k_does_not() -> None:
    values = np.array([[3, -1, 2, 1], [-2, 2, 0, -0.0]], np.float32)
    # In order of size: 0 0 1 1 2 2 2 3. The share 5/8 ends at a 2; all three of them go.
    np.testing.assert_array_equal(apply("quantile", values, share=0.625), [[3, 0, 0, 0], [0] * 4])
    expected = [[3, 0, 2, 0], [-2, 0, 0, 0]]  # the first of the equal ones stay
    np.testing.assert_array_equal(apply("top_k", values, keep=0.375), expected)
    # The share 2/8 is there already.
    np.testing.assert_array_equal(apply("quantile", values, share=0.25), values)


def test_quantile_rounds_a_share_half_to_even() -> None:
    values = np.arange(1.0, 6.0).reshape(1, 5)
    shares = (0, 0.1, 0.3, 0.5, 1.0)
    zeros = [int((apply("quantile", values, share=share) == 0).sum()) for share in shares]
    assert zeros == [0, 0, 2, 2, 5]  # of 0, 0.5, 1.5, 2.5 and 5


@given(ROWS, st.floats(0, 1))
def test_quantile_is_a_threshold_at_a_magnitude(values: NDArray, share: float) -> None:
    result = apply("quantile", values, share=share)
    wanted = round(share * values.size)
    sizes = sorted(abs(float(x)) for x in values.reshape(-1))
    edge = sizes[wanted - 1] if wanted else -1.0
    for before, after in zip(values.reshape(-1), result.reshape(-1), strict=True):
        assert after == (0 if abs(before) <= edge else before)
    assert np.count_nonzero(result == 0) >= wanted


BLOCKS = np.array([[1, 1, 3, 0, 9], [1, 1, 0, 0, 0], [2, 2, 0, 0, 4]], np.float32)


@pytest.mark.parametrize(
    ("by", "share", "gone"),
    [
        # l2 of 2 x 2 blocks: top 2 (root 4), 3 (root 9), 9; bottom root 8, 0, 4.
        # Elements: 4, 4, 2; 2, 2, 1. In rising order: 0, 2, 2.83, 3, 4, 9.
        ("l2", 0.0, ""),
        ("l2", 0.1, "e"),  # round(1.5) = 2: the block of zeros alone
        ("l2", 0.2, "ea"),  # 3 of 15: 2 + 4
        ("l2", 0.4, "ea"),  # 6
        ("l2", 0.5, "ead"),  # round(7.5) = 8
        ("l2", 0.54, "ead"),  # 8
        ("l2", 0.6, "eadb"),
        ("l2", 0.83, "eadb"),  # 12
        ("l2", 0.9, "eadbfc"),  # round(13.5) = 14: f has only one element
        ("l2", 1.0, "abcdef"),
        # Means: top 1, 0.75, 4.5; bottom 2, 0, 4.
        ("mean", 0.2, "eb"),
        ("mean", 0.5, "eba"),
        ("mean", 0.8, "ebad"),
        ("mean", 0.85, "ebadf"),
    ],
)
def test_blocks_go_in_rising_order(by: str, share: float, gone: str) -> None:
    names = np.array([list("aabbc"), list("aabbc"), list("ddeef")])
    result = apply("block", BLOCKS, rows=2, columns=2, share=share, by=by)
    np.testing.assert_array_equal(result, np.where(np.isin(names, list(gone)), 0, BLOCKS))


def test_of_equal_blocks_the_first_stays() -> None:
    values = np.ones((2, 4), np.float32)
    result = apply("block", values, rows=1, columns=2, share=0.5)
    np.testing.assert_array_equal(result, [[1, 1, 1, 1], [0, 0, 0, 0]])


def test_a_block_may_be_larger_than_the_matrix_and_values_large() -> None:
    large = np.full((2, 3), 3e38, np.float32)
    result = apply("block", large, rows=9, columns=9, share=0.1)
    assert not result.any()
    large[1] = 2e38
    kept = apply("block", large, rows=1, columns=3, share=0.5)
    np.testing.assert_array_equal(kept, [large[0], [0, 0, 0]])


@given(ROWS, st.integers(1, 4), st.integers(1, 4), st.floats(0, 1), st.sampled_from(["l2", "mean"]))
def test_blocks_against_a_naive_twin(
    values: NDArray, rows: int, columns: int, share: float, by: str
) -> None:
    blocks: dict[tuple[int, int], list[float]] = {}
    for (i, j), x in np.ndenumerate(values):
        blocks.setdefault((i // rows, j // columns), []).append(abs(float(x)))
    sizes = {
        at: sum(x * x for x in held) if by == "l2" else sum(held) / len(held)
        for at, held in blocks.items()
    }
    gone, wanted = set(), round(share * values.size)
    for at in sorted(blocks, key=lambda at: (sizes[at], -at[0], -at[1])):
        if sum(len(blocks[done]) for done in gone) < wanted:
            gone.add(at)
    expected = values.copy()
    for i, j in np.ndindex(*values.shape):
        if (i // rows, j // columns) in gone:
            expected[i, j] = 0
    result = apply("block", values, rows=rows, columns=columns, share=share, by=by)
    np.testing.assert_array_equal(result, expected)


def test_random_is_told_by_its_seed() -> None:
    values = np.arange(1, 101, dtype=np.float32).reshape(4, 25)
    first = apply("random", values, share=0.3, seed=1)
    assert np.count_nonzero(first == 0) == 30
    np.testing.assert_array_equal(first[first != 0], values[first != 0])
    np.testing.assert_array_equal(apply("random", values, share=0.3, seed=1), first)
    assert (apply("random", values, share=0.3, seed=2) != first).any()
    # More are drawn from the same order.
    assert not apply("random", values, share=0.6, seed=1)[first == 0].any()
    # 2000 seeds zero each place 30 % of the time: 600, within 6 standard deviations of 20.5.
    counts = sum(
        (apply("random", values[:1], share=0.3, seed=seed) == 0).astype(int) for seed in range(2000)
    )
    share = round(0.3 * 25) / 25
    assert np.abs(counts - 2000 * share).max() < 6 * np.sqrt(2000 * share * (1 - share))


ALL = {
    "block": {"rows": 2, "columns": 3, "share": 0.4},
    "magnitude": {"threshold": 1.0},
    "n_m": {"n": 2, "m": 4},
    "quantile": {"share": 0.4},
    "random": {"share": 0.4, "seed": 5},
    "relative": {"fraction": 0.4},
    "top_k": {"keep": 0.4},
}


@pytest.mark.parametrize("name", SPARSIFIERS.built_in)
def test_sparsifiers_keep_or_zero_and_do_so_once(name: str) -> None:
    @given(ROWS, st.sampled_from([np.float16, np.float32, np.float64, np.int8]))
    def holds(values: NDArray, kind: type) -> None:
        values = values.astype(kind)
        once = apply(name, values, **ALL[name])
        assert (once.shape, once.dtype) == (values.shape, values.dtype)
        assert ((once == values) | (once == 0)).all()
        made = (once == 0) & (values != 0)
        assert not np.signbit(once[made].astype(float)).any()
        np.testing.assert_array_equal(apply(name, once, **ALL[name]), once)

    holds()


def test_gradients_of_any_rank_are_taken() -> None:
    values = np.arange(-12, 12, dtype=np.float32).reshape(2, 3, 4)
    for name, parameters in ALL.items():
        assert apply(name, values, **parameters).shape == (2, 3, 4)
        assert apply(name, values[0, 0], **parameters).shape == (4,)


def test_empty_arrays_stay_empty() -> None:
    empty = np.zeros((0, 4), np.float32)
    assert set(ALL) == set(SPARSIFIERS.built_in)
    for name, parameters in ALL.items():
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
        ("relative", {"fraction": -0.1}, "fraction -0.1 is out of range; use 0 to 1"),
        ("quantile", {"share": 1.1}, "share 1.1 is out of range; use 0 to 1"),
        ("random", {"share": 0.5, "seed": -1}, "seed -1 is out of range; use 0 or more"),
        (
            "block",
            {"rows": 0, "columns": 4, "share": 0.5},
            "rows 0 is out of range; use 1 or more",
        ),
        (
            "block",
            {"rows": 1, "columns": 4, "share": 0.5, "by": "l3"},
            "by 'l3' is unknown; use one of l2, mean",
        ),
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
    monkeypatch.setattr(SPARSIFIERS, "_registered", dict(SPARSIFIERS._registered))


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


@pytest.mark.usefixtures("clean")
def test_summaries_say_what_each_does_and_takes() -> None:
    SPARSIFIERS._registered.clear()
    found = SPARSIFIERS.summaries()
    assert list(found) == list(SPARSIFIERS.built_in) == sorted(SPARSIFIERS.built_in)
    assert found["magnitude"] == "|x| <= threshold becomes 0 (parameters: threshold)"
    assert found["n_m"] == (
        "Keep n of every m along the reduction; of equal magnitudes the first "
        "(parameters: n, m; not behind layers)"
    )


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

    values = np.ones((1, 2))
    with pytest.raises(SpecError) as caught:
        apply("in_place", values)
    assert str(caught.value) == (
        "sparsifier 'in_place' fails: ValueError: assignment destination is read-only"
    )
    assert values.all() and values.flags.writeable


@pytest.mark.usefixtures("clean")
def test_a_result_that_is_not_finite_is_refused() -> None:
    sparsifier("logarithm")(lambda values: np.log(values, where=values > 0, out=values - np.inf))
    with pytest.raises(SpecError) as caught:
        apply("logarithm", np.zeros((1, 2), np.float32))
    line = "sparsifier 'logarithm' made NaN or infinity of finite float32 numbers"
    assert str(caught.value) == line


@pytest.mark.usefixtures("clean")
def test_annotations_that_cannot_be_read_are_one_line() -> None:
    def vague(values: NDArray, share: "Shares") -> NDArray:  # type: ignore[name-defined]  # noqa: F821, UP037
        return values

    sparsifier("vague")(vague)
    with pytest.raises(SpecError) as caught:
        apply("vague", np.ones((1, 2)), share=1)
    assert str(caught.value) == (
        "sparsifier 'vague': its parameters cannot be read: name 'Shares' is not defined"
    )


@pytest.mark.usefixtures("clean")
def test_sparsifiers_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    good = EntryPoint("flat", "statistics:mean", "sparsesim.sparsifiers")
    bad = EntryPoint("broken", "no_such_package:x", "sparsesim.sparsifiers")
    offered = {"sparsesim.sparsifiers": [good, bad]}
    monkeypatch.setattr(registry, "entry_points", lambda group: offered.get(group, []))
    assert set(sparsifier_names()) - set(SPARSIFIERS._registered) >= {"broken", "flat"}
    assert find_sparsifier("flat").function is statistics.mean
    assert SPARSIFIERS.summaries()["broken"].startswith("sparsifier 'broken' of no_such_package:x")
    with pytest.raises(SpecError) as caught:
        find_sparsifier("broken")
    assert str(caught.value) == (
        "sparsifier 'broken' of no_such_package:x does not load: No module named 'no_such_package'"
    )
