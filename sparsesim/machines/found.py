"""Machines under the names users type: the package's own, by a file, or by an entry point.

A machine of the package is a folder here and one line in `BUILT_IN`; one of another package an
entry point of GROUP; one's own `file.py:NAME`, a class derived from `Machine`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sparsesim.errors import SpecError, nearest
from sparsesim.machines.holds import checked
from sparsesim.machines.machine import Machine
from sparsesim.own_entry import load_entry, made_without_arguments
from sparsesim.own_file import load_function

DEFAULT = "inner_join"
GROUP = "sparsesim.machines"
"""The entry points of other packages: each a class derived from `Machine`."""

BUILT_IN = {
    "inner_join": ("sparsesim.machines.inner_join", "InnerJoin"),
    "systolic": ("sparsesim.machines.systolic", "Systolic"),
    "stream": ("sparsesim.machines.stream", "Stream"),
    "broadcast": ("sparsesim.machines.broadcast", "Broadcast"),
}
"""The package's own machines: name -> where its class stands."""

_made: dict[str, Machine] = {}


def machine_names() -> tuple[str, ...]:
    """Machines that have a name of their own: all but those of `file.py:NAME`."""
    return tuple(dict.fromkeys([*BUILT_IN, *_made, *_installed()]))


def machine_named(name: str) -> Machine:
    """The machine of that name, or of `file.py:NAME`.

    Raises:
        SpecError: there is none, or what holds it does not load.
    """
    if ".py:" in name:
        return _of_file(name, load_function(name, "class"))
    if name not in _made:
        _made[name] = checked(name, _found(name))
    return _made[name]


def register_machine(machine: Machine) -> None:
    """Make a machine known under its name, in this process.

    Raises:
        SpecError: the name is taken, or the machine does not hold together.
    """
    if machine.name in machine_names():
        raise SpecError(f"machine '{machine.name}' is already registered; use another name")
    _made[machine.name] = checked(machine.name, machine)


def is_of_this_process(name: str) -> bool:
    """Whether a machine was registered here alone: other processes don't find it by its name."""
    return name in _made and ".py:" not in name and name not in {*BUILT_IN, *_installed()}


def _found(name: str) -> Any:
    if name in BUILT_IN:
        module, what = BUILT_IN[name]
        return getattr(import_module(module), what)()
    if name in _installed():
        return _instance(name, load_entry("machine", name, _installed()[name]))
    raise SpecError(f"machine '{name}' is unknown; {nearest(name, machine_names())}")


@cache
def _of_file(name: str, found: Any) -> Machine:
    """One for each state of its file: a name may mean another file, or an edited one, later."""
    return checked(name, _instance(name, found))


@cache
def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _instance(name: str, found: Any) -> Any:
    return made_without_arguments("machine", name, found) if isinstance(found, type) else found
