"""The best array of each size and scheme among the points of a sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp, fsum, log

from sparsesim.errors import SpecError
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.spec import Accelerator
from sparsesim.spec.sizes import SIZES, sized_name
from sparsesim.sweeps.metrics import STATIC
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.space import Space


@dataclass(frozen=True)
class Candidate:
    """An array that was measured on every workload of its sweep.

    Attributes:
        accelerator: whole, with its clock.
        device: its name.
        resources: `share`, `lut`, `ff`, `dsp` and `bram36`, by the area model.
        ms: network -> milliseconds an image; `mean_ms` is their geometric mean.
    """

    accelerator: Accelerator
    device: str
    resources: Mapping[str, float]
    ms: Mapping[str, float]

    @property
    def mean_ms(self) -> float:
        """Geometric mean over the networks."""
        return exp(fsum(map(log, self.ms.values())) / len(self.ms))

    @property
    def order(self) -> tuple[float, float, str]:
        """The least is the best: time, then LUTs; the digest makes the choice one in any case."""
        return self.mean_ms, self.resources["lut"], self.accelerator.sha256()


@dataclass(frozen=True)
class Choice:
    """The best array of a size and a scheme.

    Attributes:
        best: it.
        size: its word.
        speedup: over the best of that size without skipping; None where there is none.
        candidates: arrays within the size's share that it was chosen among.
    """

    best: Candidate
    size: str
    speedup: float | None
    candidates: int

    @property
    def scheme(self) -> str:
        """Of its array."""
        return self.best.accelerator.skipping

    @property
    def name(self) -> str:
        """Of the accelerator, and of its file."""
        return sized_name(self.best.device, self.scheme, self.size)


def choose(found: SweepResult) -> list[Choice]:
    """The best of each device, scheme and size of a sweep, in that order.

    The best takes the least geometric mean of milliseconds an image over the sweep's networks; of
    equals, that of the fewest LUTs.

    Raises:
        SpecError: points are missing; or a size has no array.
    """
    if found.missing:
        points = found.missing + len(found.rows)
        raise SpecError(
            f"{found.spec.name}: {found.missing:,} of {points:,} points are missing; sweep on"
        )
    by_array: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for one in candidates(found):
        by_array[one.device, one.accelerator.skipping].append(one)
    schemes = [scheme for scheme in SCHEMES if any(key[1] == scheme for key in by_array)]
    choices = []
    for device in found.spec.boards():
        plain: dict[str, float] = {}
        for scheme in schemes:
            for size, most in SIZES.items():
                fits = [one for one in by_array[device, scheme] if one.resources["share"] <= most]
                if not fits:
                    raise SpecError(f"{device}: no {scheme} array takes a share up to {most:.3f}")
                best = min(fits, key=lambda one: one.order)
                if scheme == "none":
                    plain[size] = best.mean_ms
                speedup = plain[size] / best.mean_ms if size in plain else None
                choices.append(Choice(best, size, speedup, len(fits)))
    return choices


def candidates(found: SweepResult) -> Iterator[Candidate]:
    """The arrays that were measured on all of a sweep's workloads and lie in its device."""
    workloads = Space(found.spec).workloads
    ms: dict[tuple[str, Accelerator], dict[Workload, float]] = defaultdict(dict)
    resources = {}
    for row in found.measured:
        point = Point.of(row.parameters)
        array = point.device, point.accelerator
        ms[array][point.workload] = float(row.metrics["ms"])
        resources[array] = {name: row.metrics[name] for name in STATIC}
    for (device, accelerator), times in ms.items():
        known = resources[device, accelerator]
        if len(times) == len(workloads) and known["share"] is not None:
            by_network = {_called(one, workloads): times[one] for one in workloads}
            yield Candidate(accelerator, device, known, by_network)


def _called(workload: Workload, workloads: tuple[Workload, ...]) -> str:
    """A network's name; with thresholds and images where it has several of them."""
    alone = sum(one.network == workload.network for one in workloads) == 1
    return workload.network if alone else " ".join(map(str, vars(workload).values()))
