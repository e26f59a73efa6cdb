"""Whether what a machine says of itself holds together; of its array, see `spec/array.py`."""

from __future__ import annotations

import re
from inspect import isfunction, signature
from typing import Any

from sparsesim.errors import SpecError, nearest
from sparsesim.machines.machine import Machine
from sparsesim.machines.scheme import OPERANDS, Scheme
from sparsesim.machines.slot_class import DRAM, STALL_KEY, SlotClass

_ITS_OWN = ("name", "summary", "Array", "schemes", "default_scheme", "classes")
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def checked(name: str, machine: Any) -> Machine:
    """The machine, if it holds together.

    Args:
        name: as users type it.
        machine: what was found by it.
    Raises:
        SpecError: it is none, or something is missing or is no such thing.
    """
    if not isinstance(machine, Machine):
        raise SpecError(
            f"machine '{name}': gives {type(machine).__name__}; give a class derived from "
            "sparsesim.machines.Machine"
        )
    wrong = _missing(machine) or _of_kinds(machine) or _of_schemes(machine) or _asked(machine)
    if wrong:
        raise SpecError(f"machine '{name}': {wrong}")
    return machine


def _missing(machine: Machine) -> str:
    lacking = [key for key in _ITS_OWN if not hasattr(machine, key)]
    return f"has no {', no '.join(lacking)}" if lacking else ""


def _of_kinds(machine: Machine) -> str:
    for what, kind in (("schemes", Scheme), ("classes", SlotClass)):
        for one in getattr(machine, what):
            if not isinstance(one, kind):
                return f"its {what} hold {one!r}; give each as a {kind.__name__}"
    for one in machine.classes:
        if one.key == STALL_KEY or one.bound == DRAM:
            return (
                f"its class '{one.key}' has a word of DRAM's; '{STALL_KEY}' and '{DRAM}' are taken"
            )
    for scheme in machine.schemes:
        if not isinstance(scheme.skips, frozenset):
            return f"its scheme '{scheme.name}' skips {scheme.skips!r}; give a frozenset"
    return ""


def _asked(machine: Machine) -> str:
    """Its methods take what `Machine`'s are given."""
    for name, method in vars(Machine).items():
        if not isfunction(method) or name.startswith("_"):
            continue
        wanted = signature(method)
        try:
            signature(getattr(type(machine), name)).bind(*wanted.parameters)
        except TypeError as error:
            given = ", ".join(list(wanted.parameters)[1:])
            return f"its {name} does not take ({given}): {error}"
    return ""


def _of_schemes(machine: Machine) -> str:
    for what, names in (
        ("schemes", machine.scheme_names),
        ("classes", tuple(one.key for one in machine.classes)),
    ):
        if not names or len(set(names)) < len(names):
            return f"its {what} are {names}; give one or more, each once"
    if machine.default_scheme not in machine.scheme_names:
        return (
            f"its default_scheme '{machine.default_scheme}' is none of its schemes; "
            f"{nearest(machine.default_scheme, machine.scheme_names)}"
        )
    for scheme in machine.schemes:
        unknown = sorted(set(scheme.skips) - set(OPERANDS))
        if unknown:
            return f"its scheme '{scheme.name}' skips '{unknown[0]}'; use {' and '.join(OPERANDS)}"
    colours = [s.colour for s in machine.schemes] + [c.colour for c in machine.classes]
    for colour in colours:
        if not _COLOUR.fullmatch(colour):
            return f"colour '{colour}' is no RGB; write it as #2a9d5c"
    return ""
