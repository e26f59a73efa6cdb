"""Clocks of what was placed on ECP5 alone: on other families, and beside another accelerator.

AMD's parts can't be placed with open tools, so a clock for them is an assumption; but how much
faster one array is than another is taken from ECP5, where both were placed. The assumption is one
for all machines, or their clocks could not be compared.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

from sparsesim.machines import DEFAULT
from sparsesim.machines.part import Clock

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

PLACED = "ecp5"
"""The family of whose devices parts were placed."""
ASSUMED_MHZ = 200.0
"""What the default accelerator's PE is assumed to reach where nothing can be placed."""
ASSUMED_NS = 6.258997308631157
"""The period of that PE as it was placed on ECP5."""


class Placement(Protocol):
    """A row of a machine's table of placements.

    Attributes:
        part: what was placed.
        clock_mhz: the highest after routing.
    """

    @property
    def part(self) -> str: ...

    @property
    def clock_mhz(self) -> float: ...


Row = TypeVar("Row", bound=Placement)
Key = TypeVar("Key", bound=Hashable)


def median_periods(rows: Iterable[Row], part: str, key: Callable[[Row], Key]) -> dict[Key, float]:
    """The shortest clock period in ns of each design of a part: the median over its placements.

    Args:
        rows: of a table of placements, a seed each.
        part: that is asked for; rows of others are left out.
        key: by which rows are of one design.
    """
    seeds: dict[Key, list[float]] = defaultdict(list)
    for row in rows:
        if row.part == part:
            seeds[key(row)].append(1000 / row.clock_mhz)
    return {design: statistics.median(periods) for design, periods in seeds.items()}


def part_clock(period_ns: float, words: str, family: str, how: str = "placed") -> Clock:
    """The clock of a part: on ECP5 what was placed; where nothing can be placed, as much more or
    less than the default PE's as the two are on ECP5.

    Args:
        period_ns: of the part on ECP5.
        words: what it is, behind "its": `PE`.
        family: of the device.
        how: the period is known.
    """
    if family == PLACED:
        source = f"its {words} alone, {how}, on ECP5"
        return Clock(round(1e3 / period_ns, 1), True, source, period_ns, words)
    source = f"assumed: {ASSUMED_MHZ:g} MHz for {DEFAULT}'s default PE, others scaled as on ECP5"
    return Clock(round(ASSUMED_MHZ * ASSUMED_NS / period_ns, 1), False, source, period_ns, words)


def placed_ratio(one: Accelerator, other: Accelerator) -> float | None:
    """The clock of an accelerator over that of another, as parts of both were placed on ECP5; None
    where one of them never was."""
    first, second = (on.rules.clock(on, PLACED).placed_ns for on in (one, other))
    return None if first is None or second is None else second / first


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
    where = "" if family == PLACED else " on ECP5"
    mhz = min(accelerator.clock_mhz * ratio, most.mhz)
    return mhz, f"{ratio:.2f} x the accelerator's, as {_both(own, most)} clocks{where}"


def _both(own: Clock, dense: Clock) -> str:
    if own.words == dense.words:
        return f"the two {own.words}s'"
    return f"its {dense.words}'s and the accelerator's {own.words}'s"
