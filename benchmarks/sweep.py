"""The speed of sweeps: points a second, processes over one, bookkeeping, and what TPE finds.

    python -m benchmarks.sweep [ROUNDS]

Sides alternate and a ratio is that of the best times. The row of ResNet-50 needs the development
data.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.__main__ import PHOTOS, RESNET, ROOT
from sparsesim.sweeps.result import SweepResult, load_sweep_result
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

LENET = {
    "model": str(ROOT / "models_onnx" / "lenet.onnx"),
    "inputs": str(ROOT / "models_onnx" / "mnist_test_300.npz"),
    "images": 10,
}
SPACE = {
    "rows": [4, 6, 8, 12, 16],
    "cols": [4, 6, 8, 12, 16],
    "window": [4, 8, 16],
    "queue_depth": [1, 2, 4, 8],
    "skipping": ["none", "activation", "weight", "two_sided"],
}
_POINTS = 1000
# A space of 4,800 points for the engines that learn.
WIDE = SPACE | {"lanes": [1, 2], "loop_order": ["filters_inner", "positions_inner"]}


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    print("| measure | found | to reach | aim |\n|---|---|---|---|")
    for row in rows(rounds):
        print("| " + " | ".join(row) + " |", flush=True)


def rows(rounds: int):
    """(measure, found, to reach, aim)."""
    lenet = _spec(LENET, SPACE, points=_POINTS)
    two = beside = float("inf")
    for _ in range(rounds):
        two = min(two, _timed(lenet, 2)[0])
        beside = min(beside, _beside_estimates(lenet))
    yield f"{_POINTS:,} points of LeNet, 10 images, two processes", f"{two:.1f} s", "60 s", "20 s"
    alone = _one_core(lenet)
    yield "two processes over one of one core", f"{alone / two:.2f}x", "1.7x", "1.9x"
    yield (
        "bookkeeping a point: all but estimates, execution and start in it",
        f"{1e3 * beside / _POINTS:.2f} ms",
        "5 ms",
        "1 ms",
    )
    if Path(RESNET).is_file():
        photo = {"model": str(RESNET), "inputs": str(PHOTOS), "preprocess": "imagenet"}
        seconds, _ = _timed(_spec(photo, SPACE, points=200), 2)
        yield (
            "200 points of ResNet-50, one image, two processes",
            _duration(seconds),
            "10 min",
            "2 min",
        )
    else:
        yield "200 points of ResNet-50", "skipped: the development data is absent", "", ""
    grid = _timed(_spec(LENET | {"images": 1}, WIDE), 2)[1]
    for engine in ("random", "tpe", "nsga2"):
        found = _timed(_spec(LENET | {"images": 1}, WIDE, engine=engine, points=200), 2)[1]
        yield (
            f"hypervolume of 200 points by {engine} over the grid's {len(grid.rows):,}",
            f"{_volume(found, grid) / _volume(grid, grid):.3f}",
            *(("0.95", "0.99") if engine != "random" else ("", "")),
        )


def _spec(network: dict, space: dict, **changes) -> SweepSpec:
    return SweepSpec(networks=[network], space=space, **changes)


def _timed(spec: SweepSpec, workers: int) -> tuple[float, SweepResult]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        sweep_into(spec, Path(folder), workers=workers)
        return time.perf_counter() - began, load_sweep_result(folder)


def _beside_estimates(spec: SweepSpec) -> float:
    """Seconds of a sweep in this process that were not spent in estimates."""
    from sparsesim.sweeps import pool

    spent, measure = 0.0, pool.measure

    def timed(*words):
        nonlocal spent
        began = time.perf_counter()
        found = measure(*words)
        spent += time.perf_counter() - began
        return found

    pool.measure = timed
    try:
        return _timed(spec, 1)[0] - spent
    finally:
        pool.measure = measure


def _one_core(spec: SweepSpec) -> float:
    """One process of a pool, so that both sides start processes and use a core each."""
    from sparsesim.sweeps import sweeping
    from sparsesim.sweeps.pool import Pool

    here = sweeping.Here
    sweeping.Here = lambda: Pool(1)  # type: ignore[assignment,misc]
    try:
        return _timed(spec, 1)[0]
    finally:
        sweeping.Here = here  # type: ignore[misc]


def _volume(found: SweepResult, grid: SweepResult) -> float:
    """Area that a front of (ms, LUT) dominates, both in logarithms, below the grid's worst."""
    worst = np.max(np.log(_objectives(grid.measured)), axis=0)
    points = np.log(_objectives(found.front))
    volume, last = 0.0, worst[1]
    for ms, lut in points[np.argsort(points[:, 0])]:
        volume += max(0.0, worst[0] - ms) * max(0.0, last - lut)
        last = min(last, lut)
    return volume


def _objectives(rows) -> np.ndarray:
    return np.array([[row.metrics["ms"], row.metrics["lut"]] for row in rows])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    main()
