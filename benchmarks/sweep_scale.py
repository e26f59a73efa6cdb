"""Sweeps at scale: a cluster beside the local pool, and the memory of a hundred thousand points.

    python -m benchmarks.sweep_scale [ROUNDS]

The cluster is a real Dask scheduler with two workers of one thread, as processes on the loopback.
The hundred thousand points are those of a space; sixty of them are measured, and every point is
kept with the numbers of one of these: what fills the memory is how many there are, not which.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.sweep import LENET, SPACE
from sparsesim.sweeps.measure import Job, measure
from sparsesim.sweeps.space import Space
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.store import POINTS, Store
from sparsesim.sweeps.sweeping import _hashes, sweep_into
from sparsesim.sweeps.traces import Traces

_POINTS = 1000
_MANY = 100_000
_WIDE = {
    "rows": {"from": 4, "to": 16},
    "cols": {"from": 4, "to": 16},
    "window": [4, 8, 16],
    "queue_depth": {"from": 1, "to": 4},
    "lanes": [1, 2],
    "feed_latency": [1, 2],
    "loop_order": ["filters_inner", "positions_inner"],
    "weight_format": ["bitmask", "csr"],
    "skipping": ["none", "activation", "weight", "two_sided"],
}


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    print("| measure | found | to reach | aim |\n|---|---|---|---|")
    for row in rows(rounds):
        print("| " + " | ".join(row) + " |", flush=True)


def rows(rounds: int):
    """(measure, found, to reach, aim)."""
    spec = SweepSpec(networks=[LENET], space=SPACE, points=_POINTS)
    local = cluster = float("inf")
    with _cluster() as address:
        for _ in range(rounds):
            local = min(local, _timed(spec, workers=2))
            cluster = min(cluster, _timed(spec, scheduler=address))
    yield (
        f"{_POINTS:,} points of LeNet: Dask on two local workers over the local pool",
        f"{local / cluster:.2f}x ({cluster:.1f} s, {local:.1f} s)",
        "0.8x",
        "0.95x",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.toml"
        _write(path)
        out = Path(folder) / "out"
        points = _fill(path, out)
        size = (out / POINTS).stat().st_size / 2**20
        for said, words in (
            ("HTML report", ["report", out, "--as", "html", "-o", Path(folder) / "page.html"]),
            ("Parquet", ["report", out, "--as", "parquet", "-o", Path(folder) / "points.parquet"]),
            ("the sweep again, nothing missing", ["sweep", path, "-o", out, "--workers", 2]),
        ):
            mib, seconds = _peak(words)
            yield (
                f"memory with {points:,} points in a file of {size:.0f} MiB: {said}",
                f"{mib:.0f} MiB ({seconds:.0f} s)",
                "1024 MiB",
                "500 MiB",
            )


def _timed(spec: SweepSpec, **where) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        sweep_into(spec, Path(folder), **where)
        return time.perf_counter() - began


def _write(path: Path) -> None:
    space = "\n".join(f"{name} = {_toml(values)}" for name, values in _WIDE.items())
    path.write_text(
        f"fit = false\npoints = {_MANY}\n\n[[networks]]\nmodel = '{LENET['model']}'\n"
        f"inputs = '{LENET['inputs']}'\nimages = 10\n\n[space]\n{space}\n"
    )


def _toml(values) -> str:
    if isinstance(values, dict):
        return "{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " }"
    return json.dumps(values)


def _fill(path: Path, out: Path) -> int:
    """Make the file of points; how many there are."""
    from sparsesim.sweeps.spec import load_sweep

    spec = load_sweep(path)
    space, traces = Space(spec), Traces(spec, out / "traces")
    trace = traces.execute(space.workloads[0])
    some = list(islice(space.points(), 0, _MANY, _MANY // 60))
    device = space.devices["xczu9eg"]
    measured = measure(trace, [Job(p.key, p.accelerator, device, spec.seed) for p in some])
    store = Store(out / POINTS)
    found = 0
    outcomes = cycle(measured)
    points = islice(space.points(), _MANY)
    while chunk := list(islice(points, 2000)):
        hashes = _hashes(chunk, traces, space)
        store.add(
            (
                _numbered(next(outcomes), found + i, point, space),
                hashes[point.key],
                point.parameters,
            )
            for i, point in enumerate(chunk)
        )
        found += len(chunk)
    store.close()
    _peak(["sweep", path, "-o", out, "--workers", 1])  # its points join the sweep
    return found


def _numbered(outcome, index: int, point, space):
    """Somewhat other numbers for each point, so that fronts and charts have work to do."""
    factor = 1 + (index * 2654435761 % 1000) / 1000
    metrics = {
        name: value * factor if isinstance(value, float) else value
        for name, value in outcome.metrics.items()
    }
    return replace(outcome, key=point.key, metrics=metrics | space.resources(point))


def _peak(words: list) -> tuple[float, float]:
    """The most MiB that a command held, its processes each by itself, and its seconds."""
    code = (
        "import resource, subprocess, sys\n"
        "quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}\n"
        "done = subprocess.run(sys.argv[1:], **quiet)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)\n"
    )
    command = [sys.executable, "-m", "sparsesim", *map(str, words)]
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    kib, status = ran.stdout.split()
    if status != "0":
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return int(kib) / 1024, time.perf_counter() - began


@contextlib.contextmanager
def _cluster() -> Iterator[str]:
    """The address of a scheduler with two workers."""
    import distributed

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "scheduler.json"

        def begin(program: str, *words: object) -> None:
            command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, words)]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = stack.enter_context(subprocess.Popen(command, **quiet))
            stack.callback(process.terminate)

        begin("dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard",
              "--scheduler-file", file)  # fmt: skip
        while not file.is_file() or not file.read_text().rstrip().endswith("}"):
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        for index in range(2):
            begin("dask_worker", address, "--nthreads", 1, "--no-nanny", "--no-dashboard",
                  "--host", "127.0.0.1", "--local-directory", f"{folder}/{index}")  # fmt: skip
        with distributed.Client(address, timeout="30s") as client:
            client.wait_for_workers(2, timeout=60)
        yield str(address)


if __name__ == "__main__":
    main()
