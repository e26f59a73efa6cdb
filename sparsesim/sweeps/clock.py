"""The clock of a point's accelerator, from placements on ECP5 (`Machine.clock`)."""

from __future__ import annotations

from sparsesim.area.clock import PLACED, placed_ratio
from sparsesim.spec import Accelerator


def clock_mhz(accelerator: Accelerator, start: Accelerator, is_placed: bool) -> float:
    """A point's clock.

    AMD's parts can't be placed with open tools: there the starting accelerator's clock is taken for
    its own array, and another's is as much faster or slower as the two are on ECP5; where one of
    the two never was placed, it is the same.

    Args:
        accelerator: the point's.
        start: what it was changed from; its `clock_mhz` is its array's.
        is_placed: the device is of the family that was placed: the table's clock as it is.
    Returns:
        MHz, to a tenth.
    """
    if is_placed:
        return accelerator.rules.clock(accelerator, PLACED).mhz
    ratio = placed_ratio(accelerator, start)
    return start.clock_mhz if ratio is None else round(start.clock_mhz * ratio, 1)
