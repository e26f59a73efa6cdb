"""Clocks of PEs on ECP5, from a table of placements; and a dense array's clock beside another's.

AMD's parts can't be placed with open tools, so a clock for them is an assumption; but how much
faster a dense PE is than a sparse one is taken from ECP5, where both were placed.
"""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsesim.area.fit import fit_relative

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

TABLE = Path(__file__).with_name("clocks.csv")

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True)
class Placed:
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


@dataclass(frozen=True)
class PeClock:
    """The highest clock of an accelerator's PE.

    Attributes:
        mhz: to a tenth.
        is_placed: found by placing such a PE, or PEs like it; else assumed.
        source: words for a reader.
    """

    mhz: float
    is_placed: bool
    source: str


def pe_clock(accelerator: Accelerator, family: str) -> PeClock:
    """The clock that an accelerator's PE reached, or is assumed to reach.

    Args:
        accelerator: gives the scheme, window and lanes.
        family: `ecp5` has placements; elsewhere the default accelerator's PE is assumed to reach
            its `clock_mhz`, and others as much more or less as on ECP5.
    """
    scheme, window, lanes = accelerator.skipping, accelerator.window, accelerator.lanes
    period = pe_period_ns(scheme, window, lanes)
    key = scheme, window, min(lanes, window)
    if family == "ecp5":
        how = "placed" if key in _placed_periods() else "fitted to placements of others"
        return PeClock(round(1e3 / period, 1), True, f"its PE alone, {how}, on ECP5")
    start = type(accelerator)()
    scale = start.clock_mhz * pe_period_ns(start.skipping, start.window, start.lanes)
    how = f"assumed: {start.clock_mhz:g} MHz for the default PE, others scaled as on ECP5"
    return PeClock(round(scale / period, 1), False, how)


def dense_clock(accelerator: Accelerator, dense: Accelerator, family: str) -> tuple[float, str]:
    """The clock of a dense array beside an accelerator, and where it is from.

    Args:
        accelerator: the sparse one; the dense one is as much faster or slower as their PEs are.
        dense: gives the PE; its clock is not above what that reached.
        family: of both.
    Returns:
        MHz, and words for a reader.
    """
    period = pe_period_ns(accelerator.skipping, accelerator.window, accelerator.lanes)
    ratio = period / pe_period_ns(dense.skipping, dense.window, dense.lanes)
    most = pe_clock(dense, family)
    if accelerator.clock_mhz > pe_clock(accelerator, family).mhz:
        return most.mhz, f"no more than its PE reaches ({most.source})"
    where = "the two PEs' clocks" if family == "ecp5" else "the two PEs' clocks on ECP5"
    mhz = min(accelerator.clock_mhz * ratio, most.mhz)
    return mhz, f"{ratio:.2f} x the accelerator's, as {where}"


@cache
def dense_pes() -> tuple[tuple[int, int], ...]:
    """Windows and lanes of the dense PEs that were placed."""
    return tuple((window, lanes) for by, window, lanes in _placed_periods() if by == "none")


def pe_period_ns(skipping: str, window: int, lanes: int) -> float:
    """Shortest clock period of a PE on ECP5: as placed, or else fitted to those placed."""
    key = skipping, window, min(lanes, window)
    return _placed_periods().get(key) or fitted_period_ns(*key)


def fitted_period_ns(skipping: str, window: int, lanes: int) -> float:
    """The period that placements of other windows and lanes suggest."""
    return float(_weights(_kind(skipping, window, lanes)) @ _features(window, lanes))


@cache
def read_clocks(path: Path = TABLE) -> tuple[Placed, ...]:
    """All placements, in the order of the file."""
    with open(path, encoding="utf-8", newline="") as file:
        return tuple(
            Placed(**{f.name: _TYPES[str(f.type)](row[f.name]) for f in fields(Placed)})
            for row in csv.DictReader(file)
        )


def write_clocks(placed: list[Placed], path: Path = TABLE) -> None:
    """Write the placements as the table."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(f.name for f in fields(Placed))
        writer.writerows(astuple(row) for row in placed)


@cache
def _placed_periods() -> dict[tuple[str, int, int], float]:
    """The median over the seeds of each PE in the table."""
    seeds: dict[tuple[str, int, int], list[float]] = defaultdict(list)
    for row in read_clocks():
        if row.part == "pe":
            seeds[row.skipping, row.window, row.lanes].append(1000 / row.clock_mhz)
    return {key: statistics.median(periods) for key, periods in seeds.items()}


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
