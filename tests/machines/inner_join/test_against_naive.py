"""The inner-join array's cycles: worked vectors, hand sums, random passes against the oracle."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from naive_array import NaiveResult, naive_array_cycles
from numpy.typing import NDArray

import sparsesim as ss

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "array_cycles.json").read_text())
SCHEMES = ("none", "activation", "weight", "two_sided")
LOOP_ORDERS = ("filters_inner", "positions_inner")
PARAMETERS = (
    "rows",
    "cols",
    "window",
    "lanes",
    "queue_depth",
    "feed_latency",
    "skipping",
    "loop_order",
)

# A multiplier of the random cases: `make test-all` sets it.
EXAMPLES = round(1500 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
# Pairs in the tiles of the largest random case; the oracle needs about 1 us for each.
LARGEST_CASE = 4000


@dataclass(frozen=True)
class Case:
    """One random pass; masks are rows of 0 and 1, so that a failing case prints as it is pasted."""

    rows: int
    cols: int
    window: int
    lanes: int
    queue_depth: int
    feed_latency: int
    skipping: str
    loop_order: str
    drains: bool
    act_mask: list[str]
    weight_mask: list[str]


def _bits(rows: list[str]) -> NDArray[np.bool_]:
    return np.array([[digit == "1" for digit in row] for row in rows])


def _machine(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in PARAMETERS}


def _digits(rng: np.random.Generator, rows: int, reduction: int, pattern: str) -> list[str]:
    """A mask whose density is 0, 1, or something else that may change along either axis."""
    shape = {
        "empty": (1, 1),
        "full": (1, 1),
        "even": (1, 1),
        "by_row": (rows, 1),
        "by_element": (1, reduction),
        "by_burst": (rows, -(-reduction // 8)),
    }[pattern]
    # A third each of densities 0, 1 and between.
    density = np.clip(rng.uniform(-1.0, 2.0, shape), 0.0, 1.0)
    if pattern == "by_burst":
        density = density.repeat(8, axis=1)[:, :reduction]
    elif pattern == "even":
        density = rng.uniform(size=shape)
    elif pattern in ("empty", "full"):
        density = np.full(shape, float(pattern == "full"))
    mask = rng.uniform(size=(rows, reduction)) < density
    return ["".join("01"[bit] for bit in row) for row in mask.tolist()]


PATTERNS = st.sampled_from(["even", "by_row", "by_element", "by_burst", "full", "empty"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Passes of one to nine tiles on small arrays; some column counts have kernels of their own."""
    rows = draw(st.integers(1, 6))
    cols = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 8, 16]))
    # A pass that drains nothing is one tile.
    drains = draw(st.sampled_from([True, True, True, False]))
    filters = draw(st.integers(1, rows * (3 if drains else 1)))
    positions = draw(st.integers(1, cols * (3 if drains else 1)))
    tiles = -(-filters // rows) * -(-positions // cols)
    longest = max(1, min(100, LARGEST_CASE // (rows * cols * tiles)))
    reduction = draw(st.integers(1, longest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Case(
        rows=rows,
        cols=cols,
        window=draw(st.one_of(st.sampled_from([1, 64]), st.integers(1, 64), st.integers(1, 12))),
        lanes=draw(st.one_of(st.integers(1, 5), st.sampled_from([8, 16, 70]))),
        queue_depth=draw(st.one_of(st.integers(1, 4), st.sampled_from([8, 16]))),
        feed_latency=draw(st.integers(1, 5)),
        skipping=draw(st.sampled_from(SCHEMES)),
        loop_order=draw(st.sampled_from(LOOP_ORDERS)),
        drains=drains,
        act_mask=_digits(rng, positions, reduction, draw(PATTERNS)),
        weight_mask=_digits(rng, filters, reduction, draw(PATTERNS)),
    )


def _naive(case: dict[str, Any], drains: bool = True) -> NaiveResult:
    machine = SimpleNamespace(**_machine(case))
    return naive_array_cycles(_bits(case["act_mask"]), _bits(case["weight_mask"]), machine, drains)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_naive_machine_passes_every_vector(vector: dict[str, Any]) -> None:
    found = _naive(vector)
    assert found.cycles == vector["cycles"]
    assert found.classes == vector["classes"]
    assert found.effectual_macs == vector["effectual_macs"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_array_cycles_passes_every_vector(vector: dict[str, Any]) -> None:
    found = ss.array_cycles(
        _bits(vector["act_mask"]),
        _bits(vector["weight_mask"]),
        ss.Accelerator(**_machine(vector)),
    )
    assert found.cycles == vector["cycles"]
    assert found.classes == vector["classes"]
    assert found.effectual_macs == vector["effectual_macs"]


# Filter 1, on row 1, is full; filters 0 and 2, on row 0, are empty. Row 1 works from cycle 1 to 32
# and drains in 35, then row 0's second result in 36. Row 1, inactive in the second tile, has worked
# on four of its eight windows by then: the rest lies behind the pass's end.
INACTIVE_BEHIND_THE_END = Case(
    rows=2,
    cols=1,
    window=4,
    lanes=1,
    queue_depth=16,
    feed_latency=1,
    skipping="two_sided",
    loop_order="filters_inner",
    drains=True,
    act_mask=["1" * 32],
    weight_mask=["0" * 32, "1" * 32, "0" * 32],
)


def test_the_naive_machine_counts_nothing_behind_the_end_of_the_pass() -> None:
    found = _naive(asdict(INACTIVE_BEHIND_THE_END))
    assert found.cycles == 37
    assert found.classes == {
        "effectual": 32,
        "ineffectual": 0,
        "unused": 16,
        "operand_wait": 0,
        "drain_wait": 0,
        "inactive": 4,
        "fill_drain": 22,
    }


@settings(max_examples=EXAMPLES, deadline=None)
@given(case=cases())
@example(case=INACTIVE_BEHIND_THE_END)
def test_array_cycles_equals_the_naive_machine(case: Case) -> None:
    fields = asdict(case)
    expected = _naive(fields, case.drains)
    found = ss.array_cycles(
        _bits(case.act_mask),
        _bits(case.weight_mask),
        ss.Accelerator(**_machine(fields)),
        drains=case.drains,
    )
    assert found.cycles == expected.cycles
    assert found.classes == expected.classes
    assert found.effectual_macs == expected.effectual_macs
    assert sum(found.classes.values()) == case.rows * case.cols * case.lanes * found.cycles


# One PE, two windows of two pairs, all effectual: the windows are pushed in cycles 0 and 1, work is
# in cycles 1-2 and 3-4, and the result drains in cycle 4 + 3.
ONE_PE = {
    "rows": 1,
    "cols": 1,
    "window": 2,
    "lanes": 1,
    "queue_depth": 2,
    "feed_latency": 1,
    "skipping": "none",
    "loop_order": "filters_inner",
    "act_mask": ["1111"],
    "weight_mask": ["1111"],
}


def test_the_naive_machine_shows_the_work_of_each_pe() -> None:
    found = _naive(ONE_PE)
    assert found.cycles == 8
    assert found.spans == {(0, 0): [(1, 2), (3, 4)]}


def test_a_naive_pass_that_drains_nothing_ends_with_its_last_work() -> None:
    found = _naive(ONE_PE, drains=False)
    assert found.cycles == 5
    assert found.classes["effectual"] == 4
    assert found.classes["fill_drain"] == 1


def test_the_naive_machine_refuses_several_tiles_without_drains() -> None:
    case = ONE_PE | {"act_mask": ["1111", "1111"]}
    with pytest.raises(ValueError, match=r"^a pass that cuts K is one tile; here are 2$"):
        _naive(case, drains=False)
