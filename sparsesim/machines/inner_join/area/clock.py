"""Clocks of PEs, from a table of placements on ECP5, and fitted to it where there is none.

AMD's parts can't be placed with open tools, so a clock for them is an assumption; but how much
faster one PE is than another is taken from ECP5, where both were placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsesim.area.clock import median_periods, part_clock
from sparsesim.area.fit import fit_relative
from sparsesim.area.runs import read_rows
from sparsesim.machines.inner_join.parameters import array_of
from sparsesim.machines.part import Clock

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

TABLE = Path(__file__).with_name("clocks.csv")


@dataclass(frozen=True)
class PlacedRow:
    """A row of the table: one seed's placement of a PE, or of an array, for ECP5.

    Attributes:
        part: `pe` or `array`.
        skipping, window, lanes, queue_depth: of the PE.
        feed_latency, rows, cols: of the array; 0 for a PE.
        seed: of nextpnr.
        clock_mhz: the highest after routing.
        luts: LUT4 sites taken.
    """

    part: str
    skipping: str
    window: int
    lanes: int
    queue_depth: int
    feed_latency: int
    rows: int
    cols: int
    seed: int
    clock_mhz: float
    luts: int


def clock(accelerator: Accelerator, family: str) -> Clock:
    """The clock that an accelerator's PE reached, or is assumed to reach.

    Args:
        accelerator: gives the scheme, window and lanes.
        family: `ecp5` has placements; elsewhere the default accelerator's PE is assumed to reach
            its `clock_mhz`, and others as much more or less as on ECP5.
    """
    scheme, array = accelerator.skipping, array_of(accelerator)
    period = pe_period_ns(scheme, array.window, array.lanes)
    is_in_table = _key(scheme, array.window, array.lanes) in _placed_periods()
    how = "placed" if is_in_table else "fitted to placements of others"
    return part_clock(period, "PE", family, how)


@cache
def dense_pes() -> tuple[tuple[int, int], ...]:
    """Windows and lanes of the dense PEs that were placed."""
    return tuple((window, lanes) for by, window, lanes in _placed_periods() if by == "none")


def pe_period_ns(skipping: str, window: int, lanes: int) -> float:
    """Shortest clock period of a PE on ECP5: as placed, or else fitted to those placed."""
    key = _key(skipping, window, lanes)
    return _placed_periods().get(key) or fitted_period_ns(*key)


def fitted_period_ns(skipping: str, window: int, lanes: int) -> float:
    """The period that placements of other windows and lanes suggest."""
    return float(_weights(_kind(skipping, window, lanes)) @ _features(window, lanes))


@cache
def read_clocks() -> tuple[PlacedRow, ...]:
    """All placements, in the order of the file."""
    return read_rows(TABLE, PlacedRow)


def _key(skipping: str, window: int, lanes: int) -> tuple[str, int, int]:
    return skipping, window, min(lanes, window)


@cache
def _placed_periods() -> dict[tuple[str, int, int], float]:
    """The median over the seeds of each PE in the table."""
    return median_periods(read_clocks(), "pe", lambda row: (row.skipping, row.window, row.lanes))


def _kind(skipping: str, window: int, lanes: int) -> str:
    """What is fitted together: a dense PE whose lanes take a whole window selects nothing."""
    if skipping != "none":
        return "sparse"
    return "dot" if lanes >= window > 1 else "dense"


@cache
def _weights(kind: str) -> np.ndarray:
    placed = {key: period for key, period in _placed_periods().items() if _kind(*key) == kind}
    points = np.array([_features(window, lanes) for _, window, lanes in placed])
    periods = np.array(list(placed.values()))
    return fit_relative(points, periods, periods)


def _features(window: int, lanes: int) -> np.ndarray:
    """What a path is longer by: levels and wires of a selection; with lanes, one behind another."""
    return np.array([1.0, np.log2(window), window, (lanes > 1) * window, np.log2(lanes)])
