"""Machines and schemes without an accelerator here, and why: what they need, or cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf

from sparsesim.area import estimate as area
from sparsesim.area.resources import Resources
from sparsesim.choice.record import LeftOut
from sparsesim.choice.space import buffers
from sparsesim.errors import SpecError
from sparsesim.machines import machine_named
from sparsesim.machines.array_space import ArraySpace
from sparsesim.spec import Accelerator, Device
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import SweepResult

_WORDS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM36"}


@dataclass(frozen=True)
class Least:
    """The accelerator of a machine that takes the least share of a device.

    Attributes:
        machine, scheme: whose.
        used: by the area model.
        share: the largest of its shares; infinite where the device lacks something altogether.
    """

    machine: str
    scheme: str
    used: Resources
    share: float


def why_not(name: str, own: ArraySpace | None, family: str) -> str:
    """Why a machine cannot be chosen on any device; empty: it can."""
    if area(Accelerator(machine=name), family) is None:
        return "its area is not known"
    if own is None:
        return "it names no arrays that are worth trying (Machine.space)"
    return ""


def lost(
    pairs: Iterable[tuple[str, str]],
    spaces: Mapping[str, ArraySpace],
    found: SweepResult,
    device: Device,
    family: str,
    budget: Resources,
    within: float,
) -> Iterator[LeftOut]:
    """Schemes of machines that have no measured point.

    Args:
        pairs: machine, scheme, of each of them.
        spaces: arrays of each machine.
        found: what was measured.
        device: what they were to fit. family: prices them.
        budget: that they might take. within: the share of the device that it is.
    """
    able = tuple(dict.fromkeys(row.parameters["machine"] for row in found.measured))
    errors = {
        (row.parameters["machine"], row.parameters["skipping"]): row.error
        for row in reversed(list(found.failed))
    }
    idle = {
        (on.machine, on.skipping): note
        for row in found.measured
        if (note := scheme_note(on := Point.of(row.parameters).accelerator))
    }
    for machine, scheme in pairs:
        if (machine, scheme) in errors:
            others = tuple(name for name in able if name != machine)
            yield LeftOut(
                machine=machine, scheme=scheme, reason=errors[machine, scheme], others=others
            )
            continue
        if (machine, scheme) in idle:
            yield LeftOut(machine=machine, scheme=scheme, reason=idle[machine, scheme])
            continue
        one = least_of(machine, scheme, spaces[machine], device, family, budget)
        reason = f"nothing fits in {within:.0%}: {needs(one, device)}"
        yield LeftOut(machine=machine, scheme=scheme, reason=reason)


def nothing_fits(
    spaces: Mapping[str, ArraySpace],
    device: Device,
    family: str,
    budget: Resources,
    within: float,
) -> str:
    """That no machine fits a device, and what the least one needs."""
    every = (
        least_of(name, scheme, own, device, family, budget)
        for name, own in spaces.items()
        for scheme in machine_named(name).scheme_names
    )
    one = min(every, key=lambda each: (each.share, each.used.lut))
    return f"nothing fits in {within:.0%} of {device.name}: {needs(one, device)}"


def scheme_note(accelerator: Accelerator) -> str:
    """What an accelerator's scheme does not do on its array; empty: it does what it says."""
    rules = accelerator.rules
    return rules.scheme_note(rules.scheme(accelerator.skipping), accelerator.array)


def needs(one: Least, device: Device) -> str:
    """`the least inner_join (none) takes 2,345 LUT (4.4 %), ...`."""
    said = []
    for key, word in _WORDS.items():
        taken, there = getattr(one.used, key), getattr(device, key)
        share = f"{taken / there:.1%}" if there else "there is none"
        said.append(f"{taken:,g} {word} ({share})")
    return f"the least {one.machine} ({one.scheme}) takes {', '.join(said)}"


def least_of(
    machine: str,
    scheme: str,
    own: ArraySpace,
    device: Device,
    family: str,
    budget: Resources,
) -> Least:
    """The accelerator of a machine and scheme that takes the least share of a device."""
    start = Accelerator(machine=machine, skipping=scheme)
    start = start.with_(**{key: min(sizes) for key, sizes in buffers(budget).items()})
    start = start.with_(activation_format="dense", weight_format="dense")
    best: tuple[bool, float, float] | None = None
    for values in product(*own.axes.values()):
        try:
            made = start.with_(**dict(zip(own.axes, values, strict=True)))
        except SpecError:  # keys that don't go together
            continue
        used = area(made, family)
        assert used is not None
        share = max(_share(getattr(used, key), getattr(device, key)) for key in _WORDS)
        order = bool(scheme_note(made)), share, used.lut  # one that does nothing where all do so
        if best is None or order < best:
            best, found = order, Least(machine, scheme, used, share)
    assert best is not None, f"{machine} names arrays none of which it takes"
    return found


def _share(taken: float, there: float) -> float:
    return taken / there if there else inf if taken else 0.0
