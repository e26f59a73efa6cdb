"""The clock of a systolic array: that of a PE by itself, as placed on ECP5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sparsesim.area.clock import median_periods, part_clock
from sparsesim.area.runs import read_rows
from sparsesim.machines.part import Clock
from sparsesim.machines.systolic.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

TABLE = Path(__file__).with_name("clocks.csv")


@dataclass(frozen=True)
class PlacedRow:
    """One placement.

    Attributes:
        part: `pe` or `array`.
        dataflow, n_of_m: of it. rows, cols, units: of an array; 0 of a PE.
        seed: of the placement.
        clock_mhz: the highest clock. luts: that were placed.
    """

    part: str
    dataflow: str
    n_of_m: str
    rows: int
    cols: int
    units: int
    seed: int
    clock_mhz: float
    luts: int


def clock(accelerator: Accelerator, family: str) -> Clock:
    """The clock that an accelerator's PE reached, or is assumed to reach.

    Args:
        accelerator: gives the dataflow, and among how many activations a PE selects.
        family: `ecp5` has placements; elsewhere it is assumed, as much more or less than that of
            another machine's part as on ECP5 (`sparsesim.area.clock.part_clock`).
    """
    own = array_of(accelerator)
    period = _periods()[own.dataflow, own.kept_of_block[1]]
    return part_clock(period, "PE", family)


@cache
def read_clocks() -> tuple[PlacedRow, ...]:
    """All placements, in the order of the file."""
    return read_rows(TABLE, PlacedRow)


@cache
def _periods() -> dict[tuple[str, int], float]:
    """Of a PE by its dataflow and how many activations it selects among: the median over seeds."""
    return median_periods(read_clocks(), "pe", _kind)


def _kind(row: PlacedRow) -> tuple[str, int]:
    return row.dataflow, 1 if row.n_of_m == "none" else int(row.n_of_m[-1])
