"""Cycles that dense work takes at least on systolic arrays, thousands of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.area import bounds
from sparsesim.area.work import DenseWork
from sparsesim.lowering import Geometry
from sparsesim.machines.systolic.parameters import (
    CAPTURE,
    ROUND_TRIP,
    THROUGH_MEMORY,
    THROUGH_REGISTER,
    Dataflow,
    SystolicArray,
)
from sparsesim.spec import Accelerator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_KEYS = ("rows", "cols", "units", "depth")


@dataclass(frozen=True, eq=False)
class Sizes:
    """Arrays with overlapped preload.

    Attributes:
        dataflow: of all of them.
        rows, cols, units, depth: as the parameters are; int64, of one shape.
    """

    dataflow: Dataflow
    rows: Ints
    cols: Ints
    units: Ints
    depth: Ints

    @classmethod
    def of(cls, array: SystolicArray) -> Sizes:
        """An array's own."""
        return cls(array.dataflow, *(np.array([getattr(array, key)]) for key in _KEYS))

    @property
    def keys(self) -> tuple[Ints, ...]:
        """Rows, columns, units and depth."""
        return self.rows, self.cols, self.units, self.depth

    def chosen(self, which: Ints | NDArray[np.bool_]) -> Sizes:
        """Those of these numbers, or where it is true."""
        return Sizes(self.dataflow, *(part[which] for part in self.keys))


def least_cycles(
    work: Sequence[DenseWork], accelerator: Accelerator, sizes: Sizes, bits_per_cycle: float
) -> Floats:
    """Cycles that all runs take at least.

    Args:
        work: of `dense_work`.
        accelerator: dense; gives the buffers.
        sizes: of the arrays.
        bits_per_cycle: of DRAM.
    Returns:
        float64, of the arrays' shape.
    """

    def compute(item: DenseWork, filters: Ints, passes: Ints) -> Ints:
        return _least_compute(item.geometry, filters, passes, sizes)

    return bounds.least_cycles(work, accelerator, sizes.cols, bits_per_cycle, compute)


def _least_compute(shape: Geometry, filters: Ints, passes: Ints, sizes: Sizes) -> Ints:
    """All folds and what leaves behind the last, or the first tile and all that leaves.

    A pass ends with a tile of no fewer positions than the last strip's, and of no fewer filters
    than the last tile's.
    """
    keeps_weights, ones = sizes.dataflow == "weight_stationary", np.ones_like(sizes.rows)
    strip = sizes.depth if keeps_weights else sizes.rows
    strips, rest = np.divmod(shape.positions, strip)
    fewest = np.where(rest > 0, rest, strip)
    if keeps_weights:
        folds, begins = -(-shape.reduction // sizes.rows), sizes.rows
        reach = sizes.rows + THROUGH_MEMORY
        least = np.maximum(sizes.rows, ROUND_TRIP)
        interval = np.maximum(fewest, least)
        steps = strips * np.maximum(strip, least) + (rest > 0) * interval
    else:
        folds, begins = ones, 0 * ones
        reach = shape.reduction + THROUGH_REGISTER * ones
        interval = max(shape.reduction, CAPTURE) * ones
        steps = (strips + (rest > 0)) * interval
    reach = reach + sizes.cols - -(-sizes.cols // sizes.units)
    tiles, filters_left = np.divmod(filters, sizes.cols)
    turns = -(-sizes.cols // sizes.units)
    last_turns = -(-filters_left // sizes.units)
    leaving = shape.positions * (tiles * turns + last_turns)
    last_turns = np.where(filters_left > 0, last_turns, turns)
    tiles = tiles + (filters_left > 0)
    worked = tiles * folds * steps + passes * (begins + reach + fewest * last_turns - interval)
    drained = leaving + passes * (begins + (folds - 1) * interval + reach)
    return np.maximum(worked, drained)
