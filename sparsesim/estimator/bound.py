"""What bounds a layer: the answer to "why does skipping not gain more here?".

`dram`: transfers take longer than the work. Else the largest share of lane-slots: `work` (pairs
and unused lanes), `imbalance` (waiting for operands while other PEs work), `drain` (one result a
cycle and column), `edges` (PEs without a filter or position), `fill` (before the first and after
the last work of each pass).
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


def bound_of(classes: Mapping[str, int], compute: int, memory: int) -> str:
    """The word for a layer under one scheme.

    Args:
        classes: its lane-slots by class.
        compute, memory: its cycles, each as if the other were free.
    """
    if memory > compute:
        return "dram"
    shares = {word: sum(classes[name] for name in names) for word, names in BOUNDS.items()}
    return max(shares, key=lambda word: shares[word])
