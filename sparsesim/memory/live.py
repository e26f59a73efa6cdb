"""Peak live activations: the most bits of tensors that a network holds at once.

Not on-chip memory: every layer reads from and writes to DRAM.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifetime:
    """One activation tensor, from the step that makes it to the last step that reads it.

    Attributes:
        tensor: its name.
        elements: how many.
        bits: what they take.
        first_step, last_step: both included, first <= last.
    """

    tensor: str
    elements: int
    bits: int
    first_step: int
    last_step: int


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
        change[life.first_step] = change.get(life.first_step, 0) + life.bits
        change[life.last_step + 1] = change.get(life.last_step + 1, 0) - life.bits
    live, most, peak = 0, -1, None
    for step in sorted(change):
        live += change[step]
        if live > most:
            most, peak = live, step
    if peak is None:
        return PeakLive(0, 0, None, ())
    held = [life for life in lifetimes if life.first_step <= peak <= life.last_step]
    names = tuple(life.tensor for life in held)
    return PeakLive(most, sum(life.elements for life in held), peak, names)
