"""What bounds a layer: the answer to "why does skipping not gain more here?".

`dram`: transfers take longer than the work. `drain`: results leaving the array take at least 80 %
of the compute cycles, whatever the PEs do meanwhile. Else the largest share of lane-slots: `work`
(pairs and unused lanes), `imbalance` (waiting for operands while other PEs work), `drain` (waiting
for the last result to leave), `edges` (PEs without a filter or position), `fill` (before the first
and after the last work of each pass).
"""

from __future__ import annotations

from collections.abc import Mapping

BOUNDS = {
    "work": ("effectual", "ineffectual", "unused"),
    "imbalance": ("operand_wait",),
    "drain": ("drain_wait",),
    "edges": ("inactive",),
    "fill": ("fill_drain",),
}


# Share of the compute cycles from which on the drain sets the pace.
DRAIN_SHARE = 0.8


def bound_of(classes: Mapping[str, int], compute: int, memory: int, drains: int) -> str:
    """The word for a layer under one scheme.

    Args:
        classes: its lane-slots by class.
        compute, memory: its cycles, each as if the other were free.
        drains: cycles that its results take to leave the array.
    """
    if memory > compute:
        return "dram"
    if drains >= DRAIN_SHARE * compute > 0:
        return "drain"
    shares = {word: sum(classes[name] for name in names) for word, names in BOUNDS.items()}
    return max(shares, key=lambda word: shares[word])
