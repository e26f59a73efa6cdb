"""The points of a sweep: all combinations of its axes that its conditions leave, in one order.

Points of one workload follow each other, then those that cut layers alike: what they share is made
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sparsesim.area import Resources
from sparsesim.area import estimate as area
from sparsesim.errors import SpecError
from sparsesim.spec import Device
from sparsesim.sweeps.clock import clock_mhz
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.machine_axes import MACHINE, MachineAxes, machine_axes
from sparsesim.sweeps.metrics import COSTLY, METRICS, STATIC
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.synth.families import Family, family_of

TOGETHER = "keys that go together"
"""What cuts a combination that its machine's array does not take."""

_FABRIC = ("lut", "ff", "dsp", "bram36")


@dataclass
class Left:
    """What conditions and devices leave of a space.

    Attributes:
        all: combinations that were looked at.
        points: left.
        of: machine, scheme -> points of them.
        broken: condition, or `fits DEVICE: resource`, -> combinations that it cut; one that several
            cut counts for the first.
    """

    all: int = 0
    points: int = 0
    of: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)


class Space:
    """The combinations of a sweep.

    Attributes:
        machines: the axes of each.
        needs_iso_resource: each point must be compared with dense arrays of equal resources.

    Args:
        spec: of the sweep; `traces.settled` says how many images it leaves open.
    Raises:
        SpecError: a packaged name or file that is none, or a value that a key does not take.
    """

    def __init__(self, spec: SweepSpec) -> None:
        self.spec = spec
        self.start = spec.start()
        self.devices = spec.boards()
        self._families = {name: _family(device) for name, device in self.devices.items()}
        self.machines = machine_axes(self.start, spec.space)
        names = spec.names
        conditions = [Expression.read(text, names) for text in spec.conditions]
        late = {"clock_mhz", *STATIC}  # known when there is an accelerator, which takes longer
        self._early = [one for one in conditions if not one.names & late]
        self._late = [one for one in conditions if one.names & late]
        constraints = [Expression.read(text, names) for text in spec.constraints]
        self.needs_iso_resource = COSTLY in spec.objectives or any(
            COSTLY in one.names for one in constraints
        )
        self._of_machine: dict[str, list[Expression]] = {}
        self._areas: dict[str, Resources | None] = {}

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """All traces that the space needs."""
        return tuple(
            Workload(network.name, images, sample, thresholds)
            for network in self.spec.named_networks()
            for images in network.images or (1,)
            for sample in network.sample
            for thresholds in (*network.maps(), *network.searched())
        )

    @cached_property
    def _accelerators(self) -> int:
        """Combinations of keys, of all machines."""
        return sum(one.size for one in self.machines)

    @property
    def size(self) -> int:
        """Combinations, those that conditions cut among them."""
        return len(self.workloads) * len(self.devices) * self._accelerators

    def number(self, choose: Callable[[str, Sequence[Any]], int]) -> int:
        """The number of a combination that is chosen, one parameter after another.

        Args:
            choose: called with a parameter's name and its values; gives the index of one. Where
                there are several machines, each one's keys are named after it.
        """
        devices = tuple(self.devices)
        number = choose("workload", self.workloads) * len(devices) + choose("device", devices)
        number *= self._accelerators
        at, before = 0, ""
        if len(self.machines) > 1:
            at = choose(MACHINE, [one.start.machine for one in self.machines])
            before = f"{self.machines[at].start.machine} "
        within = 0
        for key, values in self.machines[at].axes.items():
            within = within * len(values) + choose(f"{before}{key}", values)
        return number + sum(one.size for one in self.machines[:at]) + within

    def _combination(self, number: int) -> tuple[Workload, str, MachineAxes, dict[str, Any]]:
        """A combination by its number: its keys are those that it changes."""
        rest, at = divmod(number, self._accelerators)
        workload, device = divmod(rest, len(self.devices))
        machines = iter(self.machines)
        chosen = next(machines)
        while at >= chosen.size:
            at, chosen = at - chosen.size, next(machines)
        return self.workloads[workload], tuple(self.devices)[device], chosen, chosen.values(at)

    def numbers(self, left: Left | None = None) -> Iterator[int]:
        """Of the combinations that are left, in order; `point` makes points of them.

        Args:
            left: is told what was cut.
        """
        return (index for index in range(self.size) if self.point(index, left) is not None)

    def points(self, left: Left | None = None) -> Iterator[Point]:
        """The points that are left, in order."""
        points = (self.point(index, left) for index in range(self.size))
        return (point for point in points if point is not None)

    def drawn(self, count: int, seed: int, left: Left | None = None) -> Iterator[int]:
        """Numbers of different combinations that are left, drawn alike; fewer where there are no
        more."""
        random = np.random.default_rng(seed)
        seen: set[int] = set()
        found = 0
        order = iter(random.permutation(self.size)) if self.size <= 1 << 20 else None
        while found < count and len(seen) < self.size:
            index = int(next(order)) if order else int(random.integers(self.size))
            if index in seen:
                continue
            seen.add(index)
            if self.point(index, left) is not None:
                found += 1
                yield index

    def point(self, index: int, left: Left | None = None) -> Point | None:
        """The combination of that number, or None where it is cut."""
        return self.made(*self._combination(index), left if left is not None else Left())

    def made(
        self,
        workload: Workload,
        device: str,
        on: MachineAxes,
        values: Mapping[str, Any],
        left: Left,
    ) -> Point | None:
        """The point that a combination makes, or None where it is cut.

        Args:
            workload, device: of it; one of the sweep's.
            on: one of `machines`.
            values: of the keys that it changes.
            left: is told of it.
        """
        left.all += 1
        known = {**vars(workload), "device": device, **on.given, **values}
        for condition in self.early(on):
            if not condition.holds(known):
                left.broken[condition.text] += 1
                return None
        try:
            accelerator = on.start.with_(**values)
        except SpecError:  # each value is right by itself
            left.broken[TOGETHER] += 1
            return None
        if self.spec.clock == "table":
            family = self._families[device]
            mhz = clock_mhz(accelerator, self.start, family is not None and family.is_placed)
            accelerator = accelerator.model_copy(update={"clock_mhz": mhz})
        point = Point(workload, device, accelerator)
        if (broken := self._broken(point)) is not None:
            left.broken[broken] += 1
            return None
        left.points += 1
        left.of[accelerator.machine, accelerator.skipping] += 1
        return point

    def early(self, on: MachineAxes) -> Sequence[Expression]:
        """Conditions on parameters alone that a machine may break."""
        name = on.start.machine
        if name not in self._of_machine:
            known = {MACHINE: name}
            self._of_machine[name] = [one for one in self._early if not one.is_sure(known)]
        return self._of_machine[name]

    def resources(self, point: Point) -> dict[str, float | None]:
        """A point's resources by metric; None on a device whose family was never synthesised.

        `share` is None, too, where the point takes what the device has none of.
        """
        found = self._area(point)
        if found is None:
            return dict.fromkeys(STATIC)
        taken = {name: getattr(found, name) for name in _FABRIC}
        offers = _offers(self.devices[point.device])
        needed = [name for name in _FABRIC if taken[name]]
        if not all(offers[name] for name in needed):
            return taken | {"share": None}
        return taken | {"share": max(taken[name] / offers[name] for name in needed)}

    def _area(self, point: Point) -> Resources | None:
        family = self._families[point.device]
        if family is None:
            return None
        # Neither clock nor formats take LUTs, but an accelerator is priced in no time.
        key = f"{family.name} {point.accelerator.sha256()}"
        if key not in self._areas:
            if len(self._areas) > 10_000:
                self._areas.clear()
            self._areas[key] = area(point.accelerator, family.name)
        return self._areas[key]

    def _broken(self, point: Point) -> str | None:
        """What cuts the point, of what its accelerator tells."""
        for condition in self._late:
            values: dict[str, Any] = point.parameters
            if condition.names & set(STATIC):
                values = values | self.resources(point)
            if not condition.holds(values):
                return condition.text
        if self.spec.fit and (found := self._area(point)) is not None:
            device = self.devices[point.device]
            for name, has in _offers(device).items():
                if getattr(found, name) > has:
                    return f"{point.device} has {has:,.0f} {METRICS[name].unit}"
        return None


class EmptySpaceError(SpecError):
    """A space without points."""


def empty(left: Left) -> EmptySpaceError:
    """Says of a space without points what emptied it."""
    cut = ", ".join(f"'{what}' cuts {count:,}" for what, count in left.broken.most_common(3))
    return EmptySpaceError(f"the space is empty: of {left.all:,} combinations {cut}")


def _offers(device: Device) -> dict[str, float]:
    """What a device has; its UltraRAM is left out: the buffers are made of block RAM."""
    has = (device.lut, device.ff, device.dsp, device.bram36)
    return dict(zip(_FABRIC, has, strict=True))


def _family(device: Device) -> Family | None:
    try:
        return family_of(device)
    except SpecError:
        return None
