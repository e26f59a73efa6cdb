"""Peak live activations: the most bits of tensors that a network holds at once.

Not on-chip memory: every layer reads from and writes to DRAM.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.trace import Lifetime


@dataclass(frozen=True)
class PeakLive:
    """The first step at which the live tensors take the most bits.

    Attributes:
        bits, elements: of all tensors that are live there.
        step: which one; None without any tensor.
        tensors: their names, in the order given.
    """

    bits: int
    elements: int
    step: int | None
    tensors: tuple[str, ...]


def peak_live(lifetimes: Iterable[Lifetime]) -> PeakLive:
    """Where the most bits are live at once.

    Args:
        lifetimes: of all tensors, in any order.
    """
    lifetimes = tuple(lifetimes)
    change: dict[int, int] = {}
    for life in lifetimes:
        change[life.first] = change.get(life.first, 0) + life.bits
        change[life.last + 1] = change.get(life.last + 1, 0) - life.bits
    live, most, peak = 0, -1, None
    for step in sorted(change):
        live += change[step]
        if live > most:
            most, peak = live, step
    if peak is None:
        return PeakLive(0, 0, None, ())
    held = [life for life in lifetimes if life.first <= peak <= life.last]
    names = tuple(life.tensor for life in held)
    return PeakLive(most, sum(life.elements for life in held), peak, names)
