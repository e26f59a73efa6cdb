"""A dense array's clock beside another accelerator's.

AMD's parts can't be placed with open tools, so a clock for them is an assumption; but how much
faster one array is than another is taken from ECP5, where both were placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.machines.part import Clock
    from sparsesim.spec import Accelerator


def dense_clock(accelerator: Accelerator, dense: Accelerator, family: str) -> tuple[float, str]:
    """The clock of a dense array beside an accelerator, and where it is from.

    Args:
        accelerator: the compared one; the dense one is as much faster or slower as what was placed
            of the two. Where one of them never was, both have the accelerator's clock.
        dense: its clock is not above what was placed of it reached.
        family: of both.
    Returns:
        MHz, and words for a reader.
    """
    own = accelerator.rules.clock(accelerator, family)
    most = dense.rules.clock(dense, family)
    if own.placed_ns is None or most.placed_ns is None:
        return accelerator.clock_mhz, "the accelerator's: the two were not both placed"
    if accelerator.clock_mhz > own.mhz:
        return most.mhz, f"no more than its {most.words} reaches ({most.source})"
    ratio = own.placed_ns / most.placed_ns
    where = "" if family == "ecp5" else " on ECP5"
    mhz = min(accelerator.clock_mhz * ratio, most.mhz)
    return mhz, f"{ratio:.2f} x the accelerator's, as {_both(own, most)} clocks{where}"


def _both(own: Clock, dense: Clock) -> str:
    if own.words == dense.words:
        return f"the two {own.words}s'"
    return f"its {dense.words}'s and the accelerator's {own.words}'s"
