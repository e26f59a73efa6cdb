"""What bounds a layer: the answer to "why does skipping not gain more here?".

`dram`: transfers take longer than the work. Else a resource of the machine that sets the pace,
whatever the multipliers do meanwhile. Else the bound of the classes with the most slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sparsesim.machines.explanation import PACE_SHARE
from sparsesim.machines.slot_class import DRAM, SlotClass


def bound_of(
    slots: Mapping[str, int],
    classes: Iterable[SlotClass],
    compute: int,
    memory: int,
    paces: Mapping[str, int],
) -> str:
    """The word for a layer under one scheme.

    Args:
        slots: its multiplier slots by class.
        classes: the machine's.
        compute, memory: its cycles, each as if the other were free.
        paces: bound -> cycles that one resource takes by itself.
    """
    if memory > compute:
        return DRAM
    for word, cycles in paces.items():
        if cycles >= PACE_SHARE * compute > 0:
            return word
    shares: dict[str, int] = {}
    for one in classes:
        shares[one.bound] = shares.get(one.bound, 0) + slots[one.key]
    return max(shares, key=lambda word: shares[word])
