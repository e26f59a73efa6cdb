"""Counts of passes as a machine gives them, held against what it promises of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesim.errors import SpecError, nearest
from sparsesim.machines.counted import Counted
from sparsesim.machines.machine import Machine
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme

_EACH_PASS = ("cycles", "multiplied", "read_activations", "read_weights")


def counted_by(
    machine: Machine,
    activations: Any,
    weights: Any,
    passes: Passes,
    pairs: Pairs,
    scheme: Scheme,
    array: Any,
) -> Counted:
    """What `Machine.count` gives, of the same arguments.

    Raises:
        SpecError: it is no `Counted`, or its shapes, kinds or sums are not those of one.
    """
    counted = machine.count(activations, weights, passes, pairs, scheme, array)
    wrong = _wrong(counted, machine, len(passes), array)
    if wrong:
        raise SpecError(f"machine '{machine.name}': its count gives {wrong}")
    return counted


def _wrong(counted: Any, machine: Machine, passes: int, array: Any) -> str:
    """What is wrong, and what is right; empty: nothing is."""
    if not isinstance(counted, Counted):
        return f"{type(counted).__name__}; give a Counted"
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
        key: (getattr(counted, key), (passes,)) for key in _EACH_PASS
    }
    shapes["slots"] = counted.slots, (passes, len(machine.classes))
    bounds = dict.fromkeys(one.bound for one in machine.classes)
    for bound, pace in counted.paces.items():
        if bound not in bounds:
            return f"a pace of '{bound}', no bound of its classes; {nearest(bound, bounds)}"
        shapes[f"paces['{bound}']"] = pace, (passes,)
    for key, (found, shape) in shapes.items():
        if not isinstance(found, np.ndarray):
            return f"{key} as {type(found).__name__}; give an array of int64"
        if found.dtype != np.int64:
            return f"{key} of {found.dtype}; give int64"
        if found.shape != shape:
            return f"{key} of shape {found.shape}; of {passes} passes it is {shape}"
        if found.size and found.min() < 0:
            return f"{key} below 0, {found.min()}"
    sums, all_slots = counted.slots.sum(axis=1), machine.slots(array) * counted.cycles
    wrong = np.flatnonzero(sums != all_slots)
    if len(wrong):
        at = int(wrong[0])
        return (
            f"classes that sum to {sums[at]} in pass {at}; {machine.slots(array)} slots in "
            f"{counted.cycles[at]} cycles are {all_slots[at]}"
        )
    return ""
