"""Which packaged accelerator stands where none is named: writes sparsesim/spec/front.toml.

    sparsesim data cifar10 -o cifar10
    python -m benchmarks.presets.front FOLDER

Of each device the middle preset with the least geometric mean of milliseconds an image over the
networks of benchmarks/presets/DEVICE.toml, whatever its machine; all at one clock where nothing can
be placed. FOLDER keeps the traces.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import geometric_mean

from sparsesim.area.clock import ASSUMED_MHZ
from sparsesim.errors import SparseSimError
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.front import FRONT
from sparsesim.spec.sizes import device_of_name
from sparsesim.sweeps.measure import Job, measure
from sparsesim.sweeps.space import Space
from sparsesim.sweeps.spec import load_sweep
from sparsesim.sweeps.traces import Traces
from sparsesim.synth.families import family_of

ROOT = Path(__file__).resolve().parent.parent.parent


def main(words: Sequence[str]) -> None:
    """Measure and write."""
    (folder,) = words
    head = FRONT.read_text(encoding="utf-8").splitlines()
    lines = [line for line in head if line.startswith("#")]
    for name in Device.names():
        means = _means(Device.named(name), Path(folder))
        best = min(means, key=lambda called: means[called])
        lines.append(f'{name} = "{best}"')
        told = ", ".join(f"{called} {ms:.4g}" for called, ms in sorted(means.items()))
        print(f"{name}: {told}", flush=True)
    FRONT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"Wrote {FRONT.relative_to(ROOT)}")


def _means(device: Device, folder: Path) -> dict[str, float]:
    """The geometric mean of milliseconds an image of each middle preset."""
    spec = load_sweep(ROOT / f"benchmarks/presets/{device.name}.toml")
    space, traces = Space(spec.with_(space={})), Traces(spec, folder)
    found = {}
    for name in Accelerator.names():
        if device_of_name(name, [device.name]) and name.endswith("-middle"):
            accelerator = Accelerator.named(name)
            if not family_of(device).is_placed:
                accelerator = accelerator.with_(clock_mhz=ASSUMED_MHZ)
            job = Job(name, accelerator, device, 0)
            outcomes = [measure(traces.execute(one), [job])[0] for one in space.workloads]
            if not any(one.error for one in outcomes):
                found[name] = geometric_mean(float(one.metrics["ms"] or 0) for one in outcomes)
    return found


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or sys.exit(__doc__))
    except SparseSimError as error:
        sys.exit(f"error: {error}")
