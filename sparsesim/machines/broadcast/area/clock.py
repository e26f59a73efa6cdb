"""Clocks of PEs, from placements on ECP5, and fitted to them where there is none.

AMD's parts can't be placed with open tools: see `sparsesim.area.clock.part_clock`.
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
from sparsesim.machines.broadcast.parameters import array_of
from sparsesim.machines.part import Clock

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

TABLE = Path(__file__).with_name("clocks.csv")


@dataclass(frozen=True)
class PlacedRow:
    """A row of the table: one seed's placement of a PE, or of an array, for ECP5.

    Attributes:
        part: `pe` or `array`.
        queue_depth, pe_sums, acc_bits: as of an accelerator.
        pes, units: of the array; 0 for a PE.
        seed: of nextpnr.
        clock_mhz: the highest after routing.
        luts: LUT4 sites taken.
    """

    part: str
    queue_depth: int
    pe_sums: int
    acc_bits: int
    pes: int
    units: int
    seed: int
    clock_mhz: float
    luts: int


def clock(accelerator: Accelerator, family: str) -> Clock:
    """The clock that an accelerator's PE reached, or is assumed to reach."""
    sums, acc = array_of(accelerator).pe_sums, accelerator.acc_bits
    period = pe_period_ns(sums, acc)
    how = "placed" if (sums, acc) in _placed_periods() else "fitted to placements of others"
    return part_clock(period, "PE", family, how)


def pe_period_ns(pe_sums: int, acc_bits: int) -> float:
    """Shortest clock period of a PE on ECP5: as placed, or else fitted to those placed."""
    placed = _placed_periods().get((pe_sums, acc_bits))
    return placed or float(_weights() @ _features(pe_sums, acc_bits))


@cache
def read_clocks() -> tuple[PlacedRow, ...]:
    """All placements, in the order of the file."""
    return read_rows(TABLE, PlacedRow)


@cache
def _placed_periods() -> dict[tuple[int, int], float]:
    """The median over the seeds of each PE in the table."""
    return median_periods(read_clocks(), "pe", lambda row: (row.pe_sums, row.acc_bits))


@cache
def _weights() -> np.ndarray:
    placed = _placed_periods()
    points = np.array([_features(*key) for key in placed])
    periods = np.array(list(placed.values()))
    return fit_relative(points, periods, periods)


def _features(pe_sums: int, acc_bits: int) -> np.ndarray:
    """What a path is longer by: banks of sums behind multiplexers, a carry through the sum."""
    return np.array([1.0, np.log2(max(16, pe_sums)), acc_bits])
