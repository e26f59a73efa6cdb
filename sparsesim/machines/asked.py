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
    """What is wrong, and what is right; empty: nothing is. Small layers are counted by the
    thousand, so what is right is seen in a few looks."""
    if not isinstance(counted, Counted):
        return f"{type(counted).__name__}; give a Counted"
    each = {key: getattr(counted, key) for key in _EACH_PASS}
    for bound, pace in counted.paces.items():
        if not any(one.bound == bound for one in machine.classes):
            bounds = dict.fromkeys(one.bound for one in machine.classes)
            return f"a pace of '{bound}', no bound of its classes; {nearest(bound, bounds)}"
        each[f"paces['{bound}']"] = pace
    for key, found in each.items():
        if wrong := _no_numbers(found, (passes,)):
            return f"{key} {wrong}"
    if wrong := _no_numbers(counted.slots, (passes, len(machine.classes))):
        return f"slots {wrong}"
    if not passes:
        return ""
    each["slots"] = counted.slots
    for key, found in each.items():
        if found.min() < 0:
            return f"{key} below 0, {found.min()}"
    sums, all_slots = counted.slots.sum(axis=1), machine.slots(array) * counted.cycles
    if (sums == all_slots).all():
        return ""
    at = int(np.flatnonzero(sums != all_slots)[0])
    return (
        f"classes that sum to {sums[at]} in pass {at}; {machine.slots(array)} slots in "
        f"{counted.cycles[at]} cycles are {all_slots[at]}"
    )


def _no_numbers(found: Any, shape: tuple[int, ...]) -> str:
    """Why something is no array of int64 of a shape; empty: it is."""
    if not isinstance(found, np.ndarray):
        return f"as {type(found).__name__}; give an array of int64"
    if found.dtype != np.int64:
        return f"of {found.dtype}; give int64"
    if found.shape != shape:
        return f"of shape {found.shape}; of {shape[0]} passes it is {shape}"
    return ""
