"""Accelerators for the packaged devices on machines other than `inner_join`.

    sparsesim data cifar10 -o cifar10
    python -m benchmarks.presets.others FOLDER [DEVICE|MACHINE ...]

For each device, size and machine the array with the least geometric mean of milliseconds an image
over the networks of benchmarks/presets/DEVICE.toml, of any of the machine's schemes. As `sparsesim
choose` does, it begins with what promises most, on each network; the best of each are then timed on
all networks. As there, all have one clock where nothing can be placed. FOLDER keeps what was
measured: stopped, it goes on. Names narrow what is chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import geometric_mean

from benchmarks.presets.writing import SHARES, taken_of
from sparsesim import area
from sparsesim.choice.space import budget_of, buffers, choice_spec
from sparsesim.errors import SparseSimError
from sparsesim.machines import DEFAULT, machine_named, machine_names
from sparsesim.machines.array_space import ArraySpace
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.sizes import SIZES, sized_name
from sparsesim.spec.writing import spec_toml
from sparsesim.sweeps.measure import Job, measure
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.space import EmptySpaceError, Space
from sparsesim.sweeps.spec import SweepSpec, load_sweep
from sparsesim.sweeps.sweeping import TRACES, sweep_into
from sparsesim.sweeps.traces import Traces
from sparsesim.synth.families import family_of

ROOT = Path(__file__).resolve().parent.parent.parent
ACCELERATORS = ROOT / "sparsesim/accelerators"
_KEPT = 5  # arrays of each machine, scheme and network that are timed on all networks
_KEYS = ("skipping", "clock_mhz", "activation_format", "weight_format", "pass_order")
_BUFFERS = tuple(buffers(area.Resources()))


@dataclass(frozen=True)
class Timed:
    """An accelerator on all networks.

    Attributes:
        accelerator: whole, with its clock.
        ms: network -> milliseconds an image.
    """

    accelerator: Accelerator
    ms: Mapping[str, float]

    @property
    def mean_ms(self) -> float:
        """Geometric mean over the networks."""
        return geometric_mean(self.ms.values())


def main(words: Sequence[str]) -> None:
    """Choose and write."""
    folder, *names = words
    machines = set(names) & set(machine_names()) or set(machine_names())
    for name in [name for name in names if name not in machines] or Device.names():
        device = Device.named(name)
        family = family_of(device).name
        for machine in sorted(machines & {*_machines(family)}):
            slower = inf
            for size, share in SIZES.items():
                found = _timed(device, machine, size, share, Path(folder))
                if not found:
                    print(f"{name}: nothing of {machine} fits in {SHARES[size]}")
                    continue
                best = found[0]
                assert best.mean_ms <= slower, f"{name} {machine} {size}"
                if best.mean_ms == slower:
                    print(f"{name}: {machine} is no faster in {SHARES[size]}")
                    continue
                slower = best.mean_ms
                called = sized_name(name, machine, size)
                path = ACCELERATORS / f"{called}.toml"
                path.write_text(_text(called, found, device, size), encoding="utf-8")
                print(f"Wrote {path.name}: {best.mean_ms:.4g} ms", flush=True)


def _machines(family: str) -> Iterator[str]:
    """Those with a space and a known area, but the default one, whose presets are by scheme."""
    for name in machine_names():
        is_known = area.estimate(Accelerator(machine=name), family) is not None
        if (
            name != DEFAULT
            and is_known
            and machine_named(name).space(area.Resources(), family) is not None
        ):
            yield name


def _timed(device: Device, machine: str, size: str, share: float, folder: Path) -> list[Timed]:
    """Accelerators of a machine in a share of a device, timed on all networks, the best first."""
    spec = _spec(device, machine, share)
    into = folder / f"{device.name}-{machine}-{size}"
    into.mkdir(parents=True, exist_ok=True)
    try:
        sweep_into(spec, into)
    except EmptySpaceError:
        return []
    result = load_sweep_result(into)
    best: dict[str, Point] = {}
    for network in {row.parameters["network"] for row in result.measured}:
        for scheme in machine_named(machine).scheme_names:
            rows = [
                row
                for row in result.measured
                if (row.parameters["network"], row.parameters["skipping"]) == (network, scheme)
            ]
            for row in sorted(rows, key=lambda row: row.metrics["ms"])[:_KEPT]:
                point = Point.of(row.parameters)
                best[point.accelerator.sha256()] = point
    space, traces = Space(spec), Traces(spec, into / TRACES)
    known = {row.key: row.metrics["ms"] for row in result.measured}
    timed = [
        Timed(point.accelerator, dict(_on_all(point, space, traces, known)))
        for point in best.values()
    ]
    whole = [one for one in timed if len(one.ms) == len(space.workloads)]
    return sorted(whole, key=lambda one: (one.mean_ms, one.accelerator.sha256()))


def _on_all(
    point: Point, space: Space, traces: Traces, known: Mapping[str, float]
) -> Iterator[tuple[str, float]]:
    """Milliseconds an image by network; one that does not run is left out."""
    for workload in space.workloads:
        here = Point(workload, point.device, point.accelerator)
        if here.key in known:
            yield workload.network, known[here.key]
            continue
        device = space.devices[point.device]
        (found,) = measure(traces.execute(workload), [Job(here.key, here.accelerator, device, 0)])
        if not found.error:
            yield workload.network, float(found.metrics["ms"] or 0)


def _spec(device: Device, machine: str, share: float) -> SweepSpec:
    networks = load_sweep(ROOT / f"benchmarks/presets/{device.name}.toml").networks
    budget = budget_of(device, share)
    own = machine_named(machine).space(budget, family_of(device).name)
    assert isinstance(own, ArraySpace)
    made = choice_spec(
        networks[0],
        device.name,
        {machine: own},
        budget,
        goal="latency",
        within=share,
        runs=1,
        seed=0,
        one_clock=not family_of(device).is_placed,
    )
    return made.with_(name=f"{device.name}-{machine}", networks=networks)


def _text(called: str, found: Sequence[Timed], device: Device, size: str) -> str:
    best = found[0]
    on, taken = best.accelerator, area.estimate(best.accelerator, family_of(device).name)
    assert taken is not None
    networks = ", ".join(f"{network} {ms:.4g} ms" for network, ms in best.ms.items())
    others: dict[str, float] = {}
    for one in found:
        others.setdefault(one.accelerator.skipping, one.mean_ms)
    schemes = ", ".join(f"{scheme} {best.mean_ms / ms:.2f}x" for scheme, ms in others.items())
    family, clock = family_of(device), "one for all, an assumption"
    if family.is_placed:
        clock = on.rules.clock(on, family.name).source
    said = (
        f"The fastest {on.machine} array found in up to {SHARES[size]} of the {device.board}'s "
        f"{device.name}:",
        "",
        f"    sparsesim estimate MODEL --inputs … --accelerator {called} --device {device.name}",
        "",
        *taken_of(device, taken, size),
        f"time       {best.mean_ms:.4g} ms an image, geometric mean of:",
        f"           {networks}",
        f"schemes    the best of each, as fast as this one: {schemes}",
        f"clock      {clock}",
        "",
        "Chosen by:",
        "",
        f"    python -m benchmarks.presets.others FOLDER {device.name}",
        "",
        "Other keys are the defaults (default.toml lists them all).",
    )
    default = Accelerator(machine=on.machine)
    keys = {"name": called, "machine": on.machine}
    for key in (*_KEYS, *_BUFFERS):
        value = getattr(on, key)
        if key != "pass_order" or value != getattr(default, key):
            keys[key] = value
    head = "\n".join(f"# {line}".rstrip() for line in said)
    return f"{head}\n\n{spec_toml({**keys, 'array': on.array.model_dump(mode='json')})}"


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or sys.exit(__doc__))
    except SparseSimError as error:
        sys.exit(f"error: {error}")
