"""What a machine knows to say of a layer beyond its counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Floor:
    """Cycles that a layer cannot go below, for one reason, summed over the images.

    Attributes:
        words: the reason, as a table shows it: `one result a column`.
        cycles: how many.
        paces: the bound of a layer that takes hardly more; empty: it is no pace of its own.
        said: behind the names of such layers, a sentence of why; empty where nothing paces.
    """

    words: str
    cycles: int
    paces: str = ""
    said: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a layer spends cycles on one bound, and what would give some of them back.

    Attributes:
        said: what happens, with its numbers.
        parameters: what to change, each with a reason.
    """

    said: str
    parameters: tuple[str, ...]


PACE_SHARE = 0.8
"""Share of a layer's compute cycles from which on a resource that takes them by itself is said to
set the pace. A judgement: no source."""

LEAST_SHARE = 0.05
"""Share of a layer's total cycles below which nothing is said of what holds them. A judgement."""
