"""The clock of a row: as placed, between those placed, and what placed arrays keep of it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from itertools import pairwise

import pytest

from sparsesim.machines.stream.area.clock import PlacedRow, clock, read_clocks, row_period_ns
from sparsesim.spec import Accelerator


def medians(part: str = "row") -> dict[PlacedRow, float]:
    """MHz of each design of a part that was placed, by its first line of the table."""
    clocks: dict[tuple[object, ...], list[PlacedRow]] = defaultdict(list)
    for row in read_clocks():
        if row.part == part:
            clocks[row.streams, row.lanes, row.rows, row.units, row.feed_latency].append(row)
    return {rows[0]: statistics.median(row.clock_mhz for row in rows) for rows in clocks.values()}


def of_lanes(lanes: int) -> Accelerator:
    return Accelerator(machine="stream", rows=16, lanes=lanes)


def test_a_row_that_was_placed_has_the_median_of_its_seeds():
    for row, mhz in medians().items():
        found = clock(of_lanes(row.lanes), "ecp5")
        assert found.is_placed
        assert found.mhz == pytest.approx(mhz, abs=0.06)
        assert found.source == "its row alone, placed, on ECP5"


def test_others_lie_between_those_placed_or_have_the_nearest_ones():
    known = sorted(row.lanes for row in medians())
    for low, high in pairwise(known):
        between = row_period_ns((low + high) // 2)
        ends = row_period_ns(low), row_period_ns(high)
        assert min(ends) <= between <= max(ends)
        assert "between those placed" in clock(of_lanes((low + high) // 2), "ecp5").source
    for lanes, nearest in ((1, known[0]), (256, known[-1])):
        assert row_period_ns(lanes) == row_period_ns(nearest)
        assert f"as one of {nearest} lanes placed" in clock(of_lanes(lanes), "ecp5").source


def test_wide_rows_keep_the_clock_of_a_row_of_8():
    placed = {row.lanes: mhz for row, mhz in medians().items()}
    assert {8, 16} <= set(placed)
    assert placed[8] >= 165
    for lanes in sorted(set(placed) - {4, 8}):
        assert placed[lanes] >= 165


def test_arrays_of_96_multipliers_keep_four_fifths_of_their_rows_clock():
    rows = {row.lanes: mhz for row, mhz in medians().items()}
    arrays = medians("array")
    assert arrays
    for one, mhz in arrays.items():
        assert one.rows * one.lanes >= 96
        assert mhz >= 0.8 * rows[one.lanes]


def test_elsewhere_it_is_assumed():
    found = clock(of_lanes(8), "xc7")
    assert not found.is_placed
    assert found.placed_ns == row_period_ns(8)
