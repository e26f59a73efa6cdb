"""Classes of multiplier slots as reports show them: the machine's own, and the wait for DRAM."""

from __future__ import annotations

from collections.abc import Iterable

from sparsesim.machines.machine import Machine
from sparsesim.machines.slot_class import DRAM, STALL_KEY, SlotClass
from sparsesim.report.palette import ALARM

STALL = SlotClass(STALL_KEY, "DRAM stall", DRAM, ALARM, "the array waits for a transfer")
"""Cycles in which the whole array waits, on any machine."""


def classes(*machines: Machine) -> tuple[SlotClass, ...]:
    """All of a machine, in order; together they are a layer's total cycles.

    Of several machines, those that have the same words stand for each other.
    """
    found = {kind.words: kind for machine in reversed(machines) for kind in machine.classes}
    order = dict.fromkeys(kind.words for machine in machines for kind in machine.classes)
    return (*(found[words] for words in order), STALL)


def bounds(*machines: Machine) -> dict[str, str]:
    """Colour by bound: that of its first class."""
    found: dict[str, str] = {}
    for kind in classes(*machines):
        found.setdefault(kind.bound, kind.colour)
    return found


def colour_groups(kinds: Iterable[SlotClass]) -> dict[str, str]:
    """Colour -> words for all classes that have it: their one word, else the bound that they share,
    else all of their words.

    Args:
        kinds: of several machines, which have colours in common for what is alike.
    """
    found: dict[str, list[SlotClass]] = {}
    for kind in kinds:
        found.setdefault(kind.colour, []).append(kind)
    return {colour: _together(group) for colour, group in found.items()}


def _together(group: list[SlotClass]) -> str:
    words = list(dict.fromkeys(kind.words for kind in group))
    bounds = {kind.bound for kind in group}
    if len(words) > 1 and len(bounds) == 1 and bounds != {"work"}:
        return bounds.pop()
    return ", ".join(words)
