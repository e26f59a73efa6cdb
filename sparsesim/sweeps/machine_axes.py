"""The axes of a space, machine by machine: each machine has those of its own keys alone.

A key of the space itself is every machine's that has it; a table named after a machine is that
machine's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from pydantic import ValidationError

from sparsesim.errors import SpecError
from sparsesim.machines import machine_named
from sparsesim.spec import Accelerator
from sparsesim.spec.accelerator import keys_of
from sparsesim.sweeps.axis import axis

MACHINE = "machine"

# Axes that no cut into passes depends on come last, so that they change fastest.
_FAST = ("clock_mhz", "batch")


@dataclass(frozen=True)
class MachineAxes:
    """What combinations on one machine are made of.

    Attributes:
        start: that they change keys of, on this machine.
        axes: key -> values that the machine takes; the last key changes fastest.
    """

    start: Accelerator
    axes: dict[str, Sequence[Any]]

    @cached_property
    def given(self) -> dict[str, Any]:
        """The start's keys, flat."""
        return self.start.flat()

    @property
    def size(self) -> int:
        """Combinations."""
        return prod(map(len, self.axes.values()))

    def values(self, number: int) -> dict[str, Any]:
        """The keys that a combination changes, by its number."""
        found: dict[str, Any] = {}
        for key in reversed(self.axes):
            number, at = divmod(number, len(self.axes[key]))
            found[key] = self.axes[key][at]
        return found


def machines_of(start: Accelerator, space: Mapping[str, Any]) -> tuple[str, ...]:
    """The machines of a space: those of its axis, or the one that it starts from."""
    return axis(MACHINE, space[MACHINE]) if MACHINE in space else (start.machine,)


def keys_of_all(machines: Iterable[str]) -> tuple[str, ...]:
    """Keys that accelerators of any of these machines may have, but the name.

    Raises:
        SpecError: a machine that is none.
    """
    every = dict.fromkeys(key for name in machines for key in keys_of(machine_named(name)))
    return tuple(key for key in every if key != "name")


def own_tables(space: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Tables of a space that are one machine's alone, by its name.

    Raises:
        SpecError: what is given for a machine is no table.
    """
    if MACHINE not in space:
        return {}
    found = {}
    for name in axis(MACHINE, space[MACHINE]):
        if name in space:
            if not isinstance(space[name], Mapping):
                raise SpecError(f"space.{name}: is no table of axes; write its keys below it")
            found[name] = space[name]
    return found


def all_axes(space: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The values of every axis of a space but `machine`: `KEY`, or `MACHINE.KEY` of its own table.

    Raises:
        SpecError: an axis that is none.
    """
    own = own_tables(space)
    found = {key: axis(f"space.{key}", given) for key, given in space.items() if key not in own}
    for name, table in own.items():
        found |= {f"{name}.{key}": axis(f"space.{name}.{key}", v) for key, v in table.items()}
    return found


def machine_axes(start: Accelerator, space: Mapping[str, Any]) -> tuple[MachineAxes, ...]:
    """The axes of each machine of a space.

    A key that a machine doesn't have is left out there, and so are values that it doesn't take but
    another one does: a scheme, say. What its own table says of a key comes before what the space
    says of it, and must be right.

    Args:
        start: the accelerator that points change keys of.
        space: key -> a value, a list, or a range; machine -> a table of these.
    Raises:
        SpecError: a value that none of the machines takes, or an axis none of whose values one of
            them takes.
    """
    own = own_tables(space)
    known = {
        key: axis(key, given) for key, given in space.items() if key != MACHINE and key not in own
    }
    starts = {
        name: start if name == start.machine else start.with_(machine=name)
        for name in machines_of(start, space)
    }
    taken: dict[str, dict[str, Any]] = {name: {} for name in starts}
    for key, values in known.items():
        errors = {
            name: [_error(one, key, value) for value in values]
            for name, one in starts.items()
            if key in keys_of(one.rules) and key not in own.get(name, ())
        }
        for of_value in zip(*errors.values(), strict=True):
            if None not in of_value:
                raise of_value[0]
        for name, found in errors.items():
            taken[name][key] = tuple(v for v, no in zip(values, found, strict=True) if no is None)
            if not taken[name][key]:
                raise SpecError(f"space.{key}: machine '{name}' takes none of its values")
    for name, table in own.items():
        for key, given in table.items():
            taken[name][key] = axis(key, given)
            for wrong in (_error(starts[name], key, value) for value in taken[name][key]):
                if wrong is not None:
                    raise wrong
    return tuple(
        MachineAxes(one, {key: taken[name][key] for key in sorted(taken[name], key=_order(one))})
        for name, one in starts.items()
    )


def _error(start: Accelerator, key: str, value: Any) -> SpecError | None:
    """Why a key does not take a value on the start's machine; None: it does, though perhaps not
    together with the start's other keys."""
    try:
        start.with_(**{key: value})
    except SpecError as error:
        return None if _breaks_a_relation(start, key, value) else error
    return None


def _breaks_a_relation(start: Accelerator, key: str, value: Any) -> bool:
    """Whether a value of the array is right by itself, and wrong beside another key's."""
    array = type(start.array)
    if key not in array.model_fields:
        return False
    try:
        array.model_validate({key: value})
    except ValidationError as error:
        return not any(one["loc"] for one in error.errors())
    except SpecError:  # no field raises it
        return True
    return True


def _order(start: Accelerator) -> Callable[[str], tuple[int, str]]:
    """Sorts a machine's keys: by their names, behind them those that share passes."""
    fast = (*_FAST, *start.rules.cheap_keys, "skipping")
    return lambda key: ((fast.index(key) + 1 if key in fast else 0), key)
