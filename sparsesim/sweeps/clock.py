"""The clock of a point's PE, from placements of PEs on ECP5 (`area.clock`)."""

from __future__ import annotations

from sparsesim.area.clock import pe_period_ns
from sparsesim.spec import Accelerator


def clock_mhz(accelerator: Accelerator, start: Accelerator, is_placed: bool) -> float:
    """A point's clock.

    AMD's parts can't be placed with open tools: there the starting accelerator's clock is taken for
    its own PE, and another PE's is as much faster or slower as the two are on ECP5.

    Args:
        accelerator: the point's.
        start: what it was changed from; its `clock_mhz` is its PE's.
        is_placed: the device is of the family that was placed: the table's clock as it is.
    Returns:
        MHz, to a tenth.
    """
    period = _period_ns(accelerator)
    if is_placed:
        return round(1e3 / period, 1)
    return round(start.clock_mhz * _period_ns(start) / period, 1)


def _period_ns(accelerator: Accelerator) -> float:
    return pe_period_ns(accelerator.skipping, accelerator.window, accelerator.lanes)
