"""The fastest of many arrays that fit a budget: candidates from anywhere, tried by their promise.

Not what an array is: a candidate says what it takes and how long it needs at least and exactly, so
that arrays of any machine compete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Generic, Protocol, TypeVar

from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError

ROUNDING = 1 - 1e-9
"""A least time is a float; times this it is a bound in spite of its rounding."""


class Candidate(Protocol):
    """An array that may be the fastest."""

    @property
    def least_seconds(self) -> float:
        """No order of work on it takes less."""

    @property
    def clock_mhz(self) -> float:
        """Its own."""

    def resources(self) -> Resources:
        """What it takes, priced as the budget was."""

    def cycles(self, limit: int | None) -> int | None:
        """Exact total cycles; None where they are known not to be below the limit.

        Raises:
            SpecError: it can't do the work at all.
        """


C = TypeVar("C", bound=Candidate)


@dataclass(frozen=True)
class Fastest(Generic[C]):
    """The best of the candidates.

    Attributes:
        candidate: it.
        cycles: its exact total cycles.
        seconds: at its own clock.
        is_proven: no other candidate that fits is faster; else too many promised to be.
    """

    candidate: C
    cycles: int
    seconds: float
    is_proven: bool


def fastest(
    candidates: Iterable[C], budget: Resources, most_exact: int, below: float = inf
) -> Fastest[C] | None:
    """The fastest candidate within a budget.

    Args:
        candidates: by rising `least_seconds`; several sources are merged by it (`heapq.merge`).
        budget: LUTs, multipliers and block RAM that none may exceed; flip-flops are not held.
        most_exact: exact counts are made of so many at most.
        below: seconds; only faster ones are sought.
    Returns:
        None where nothing that fits can do the work, or not below that.
    """
    best: Fastest[C] | None = None
    tried = 0
    for candidate in candidates:
        if candidate.least_seconds * ROUNDING >= below:
            return best
        if not fits(candidate.resources(), budget):
            continue
        if tried == most_exact:
            return best and Fastest(best.candidate, best.cycles, best.seconds, False)
        tried += 1
        hertz = candidate.clock_mhz * 1e6
        try:
            cycles = candidate.cycles(None if below == inf else int(below * hertz) + 1)
        except SpecError:  # a tile of it does not fit the buffers
            continue
        if cycles is not None and cycles / hertz < below:
            below = cycles / hertz
            best = Fastest(candidate, cycles, below, True)
    return best


def fits(used: Resources, budget: Resources) -> bool:
    """Whether look-up tables, multipliers and block RAM suffice."""
    return used.lut <= budget.lut and used.dsp <= budget.dsp and used.bram36 <= budget.bram36
