"""Cycles that dense work takes at least on inner-join arrays, thousands of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sparsesim.area import bounds
from sparsesim.area.work import DenseWork
from sparsesim.machines.inner_join.parameters import array_of
from sparsesim.spec import Accelerator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def least_cycles(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    rows: Ints,
    cols: Ints,
    bits_per_cycle: float,
) -> Floats:
    """Cycles that all runs take at least on arrays of these sizes.

    Args:
        work: of `dense_work`.
        accelerator: dense, of any size; gives the PEs and the buffers.
        rows, cols: int64, of equal shape.
        bits_per_cycle: of DRAM.
    Returns:
        float64, of that shape.
    """
    array = array_of(accelerator)
    fill = array.feed_latency + array.pe_latency  # before work, and until it drains

    def compute(item: DenseWork, count: Ints, passes: Ints) -> Ints:
        """All tiles' work and the drain of the last one, or the first one's work and all drains."""
        whole, rest = divmod(item.geometry.reduction, array.window)
        element_cycles = whole * -(-array.window // array.lanes) + -(-rest // array.lanes)
        position_tiles = -(-item.geometry.positions // cols)
        multiplied = position_tiles * -(-count // rows) * element_cycles + (count - 1) % rows
        drained = position_tiles * count + passes * (element_cycles - 1)
        return passes * fill + np.maximum(multiplied, drained)

    return bounds.least_cycles(work, accelerator, rows, bits_per_cycle, compute)
