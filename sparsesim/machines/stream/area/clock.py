"""The clock of `stream`: placements of a row and of arrays on ECP5, and what they say of others.

A row's paths lie in its memories, multipliers and control, whatever lies beside it; an array adds
the way to the loader and to units, which its feed latency and registers cut. The clock is that of
a row, as other machines' is that of a PE, so that they can be compared; what arrays keep of it is
in the table: 12 rows of 8 keep 0.82 of a row's, 8 x 8 PEs of `inner_join` 0.82 to 0.84 of a PE's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsesim.area.clock import median_periods, part_clock
from sparsesim.area.runs import read_rows
from sparsesim.machines.part import Clock
from sparsesim.machines.stream.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

TABLE = Path(__file__).with_name("clocks.csv")


@dataclass(frozen=True)
class PlacedRow:
    """A row of the table: one seed's placement of a row, or of an array, for ECP5.

    Attributes:
        part: `row` or `array`.
        streams: the streamed operand of the array; `either` of a row.
        lanes: of a row.
        rows, units, feed_latency: of the array; 1, 1 and 0 for a row.
        seed: of nextpnr.
        clock_mhz: the highest after routing.
        luts: LUT4 sites taken.
    """

    part: str
    streams: str
    lanes: int
    rows: int
    units: int
    feed_latency: int
    seed: int
    clock_mhz: float
    luts: int


def clock(accelerator: Accelerator, family: str) -> Clock:
    """The clock that a row of an accelerator reached, or is assumed to reach.

    Args:
        accelerator: gives the lanes.
        family: `ecp5` has placements; elsewhere it is assumed, as much more or less than that of
            another machine's part as on ECP5 (`sparsesim.area.clock.part_clock`).
    """
    lanes = array_of(accelerator).lanes
    period = row_period_ns(lanes)
    return part_clock(period, "row", family, _how(lanes))


def row_period_ns(lanes: int) -> float:
    """Shortest clock period of a row on ECP5, by its lanes: between those that were placed, and
    of fewer or more lanes than any of them that of the nearest."""
    periods = _placed_periods()
    known = sorted(periods)
    at = np.log2(lanes)
    return float(np.interp(at, np.log2(known), [periods[number] for number in known]))


def _how(lanes: int) -> str:
    known = _placed_periods()
    if lanes in known:
        return "placed"
    if min(known) < lanes < max(known):
        return "between those placed"
    nearest = min(known) if lanes < min(known) else max(known)
    return f"as one of {nearest} lanes placed"


@cache
def read_clocks() -> tuple[PlacedRow, ...]:
    """All placements, in the order of the file."""
    return read_rows(TABLE, PlacedRow)


@cache
def _placed_periods() -> dict[int, float]:
    """The median over the seeds of each row in the table, by its lanes."""
    return median_periods(read_clocks(), "row", lambda row: row.lanes)
