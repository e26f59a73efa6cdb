"""The axes of a space, machine by machine: each machine has those of its own keys alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

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


def machine_axes(start: Accelerator, space: Mapping[str, Any]) -> tuple[MachineAxes, ...]:
    """The axes of each machine of a space.

    A key that a machine doesn't have is left out there, and so are values that it doesn't take but
    another one does: a scheme, say.

    Args:
        start: the accelerator that points change keys of.
        space: key -> a value, a list, or a range.
    Raises:
        SpecError: a value that none of the machines takes, or an axis none of whose values one of
            them takes.
    """
    known = {key: axis(key, given) for key, given in space.items() if key != MACHINE}
    starts = {
        name: start if name == start.machine else start.with_(machine=name)
        for name in machines_of(start, space)
    }
    taken: dict[str, dict[str, Any]] = {name: {} for name in starts}
    for key, values in known.items():
        errors = {
            name: [_error(one, key, value) for value in values]
            for name, one in starts.items()
            if key in keys_of(one.rules)
        }
        for of_value in zip(*errors.values(), strict=True):
            if None not in of_value:
                raise of_value[0]
        for name, found in errors.items():
            taken[name][key] = tuple(v for v, no in zip(values, found, strict=True) if no is None)
            if not taken[name][key]:
                raise SpecError(f"space.{key}: machine '{name}' takes none of its values")
    return tuple(
        MachineAxes(one, {key: taken[name][key] for key in sorted(taken[name], key=_order(one))})
        for name, one in starts.items()
    )


def _error(start: Accelerator, key: str, value: Any) -> SpecError | None:
    """Why a key does not take a value on the start's machine; None: it does."""
    try:
        start.with_(**{key: value})
    except SpecError as error:
        return error
    return None


def _order(start: Accelerator) -> Callable[[str], tuple[int, str]]:
    """Sorts a machine's keys: by their names, behind them those that share passes."""
    fast = (*_FAST, *start.rules.cheap_keys, "skipping")
    return lambda key: ((fast.index(key) + 1 if key in fast else 0), key)
