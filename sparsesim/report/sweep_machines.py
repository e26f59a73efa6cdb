"""The machines of a sweep's points: how charts tell their schemes and classes apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sparsesim.machines import machine_named
from sparsesim.machines.machine import Machine
from sparsesim.report.palette import SPARE
from sparsesim.spec.base import Spec
from sparsesim.sweeps.store import Row
from sparsesim.sweeps.table import Rows


def machine_of(row: Row) -> Machine:
    """The machine of a point."""
    return machine_named(row.parameters["machine"])


def machines_of(rows: Rows) -> tuple[Machine, ...]:
    """Those of points, each once."""
    chosen = rows.parameter("machine")
    return tuple(machine_named(chosen.values[code]) for code in dict.fromkeys(chosen.codes))


def scheme_of(row: Row, machines: tuple[Machine, ...]) -> str:
    """How a chart calls the scheme of a point; of several machines with the machine's name."""
    scheme = str(row.parameters["skipping"])
    return scheme if len(machines) == 1 else f"{machine_of(row).name} {scheme}"


def dense_array(iso: Mapping[str, Any]) -> tuple[Machine, Spec]:
    """The machine and the array that a point is up to, of its details."""
    machine = machine_named(iso["machine"])
    return machine, machine.Array(**iso["array"])


def short_names(machines: tuple[Machine, ...]) -> dict[str, str]:
    """Names of keys in a narrow table, where all machines that have a key call it so.

    Keys that one machine tells in one column keep their own names where another calls one of them
    otherwise.
    """
    found: dict[str, str] = {}
    for key in dict.fromkeys(key for one in machines for key in one.short_keys):
        having = [one for one in machines if key in one.Array.model_fields]
        names = {one.short_keys.get(key, key) for one in having}
        if len(names) == 1:
            found[key] = names.pop()
    together = Counter[str]()
    for one in machines:
        together |= Counter(one.short_keys.values())
    agreed = Counter(found.values())
    return {key: name for key, name in found.items() if agreed[name] == together[name]}


def by_scheme(rows: Rows) -> Iterator[Rows]:
    """Points of each machine and scheme, in the order in which they came."""
    machines, schemes = rows.parameter("machine"), rows.parameter("skipping")
    for machine in dict.fromkeys(machines.codes):
        of_machine = machines.codes == machine
        for scheme in range(len(schemes.values)):
            found = rows.where(of_machine & (schemes.codes == scheme))
            if len(found):
                yield found


def scheme_colours(machines: tuple[Machine, ...], found: Iterable[str]) -> dict[str, str]:
    """Colours of the schemes that are there, as `scheme_of` calls them, in the machines' order."""
    there = set(found)
    colours: dict[str, str] = {}
    spare = iter(SPARE)
    for machine in machines:
        for scheme in machine.schemes:
            word = scheme.name if len(machines) == 1 else f"{machine.name} {scheme.name}"
            if word in there:
                taken = scheme.colour in colours.values()
                colours[word] = next(spare, scheme.colour) if taken else scheme.colour
    return colours
