"""Points on a trace: what a process of a sweep does. The trace is read once a process."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol

from sparsesim.errors import SparseSimError
from sparsesim.spec import Accelerator, Device
from sparsesim.sweeps.details import details_of
from sparsesim.sweeps.metrics import Number, measured

if TYPE_CHECKING:
    from sparsesim.estimator import Cache
    from sparsesim.trace import Trace

# Lowered operands of all images are kept between points where they take no more than this.
_CACHED_BYTES = 1 << 30


@dataclass(frozen=True)
class Job:
    """A point as a process gets it.

    Attributes:
        key: of the point.
        accelerator, device: what to estimate.
        seed: of the bootstrap.
        iso_resource: compare it with dense arrays of equal resources, too.
    """

    key: str
    accelerator: Accelerator
    device: Device
    seed: int
    iso_resource: bool = False


@dataclass(frozen=True)
class Task:
    """Points of one workload that a process measures in one go.

    Attributes:
        path: of the trace.
        jobs: points.
    """

    path: Path
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a point.

    Attributes:
        key: of the point.
        metrics: by name; empty where it failed.
        details: of a point alone, see `details_of`; empty where it failed.
        error: one line; empty where it did not fail.
        seconds: that it took.
    """

    key: str
    metrics: dict[str, Number]
    details: dict[str, Any]
    error: str
    seconds: float


class Processes(Protocol):
    """Who measures tasks: this process, a pool, a cluster."""

    def run(self, tasks: Iterator[Task]) -> Iterator[list[Outcome]]:
        """What comes of tasks, as it comes; in any order."""

    def close(self) -> None:
        """End what was begun for it."""


def begin_process() -> None:
    """Called first in each process of a pool: one core is its share; it ends with its parent.

    A parent that is killed tells nobody, and its pool's processes would wait for work for ever.
    """
    os.environ["SPARSESIM_THREADS"] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _load()


def _load() -> None:
    """Load what estimates need, kernels among it, while the parent still executes the network."""
    import numpy as np

    import sparsesim.trace.store  # noqa: F401
    from sparsesim.estimator import estimate  # noqa: F401
    from sparsesim.estimator.array_cycles import array_cycles

    mask = np.ones((1, 1), dtype=bool)
    array_cycles(mask, mask, Accelerator())


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def measure(path: Path, jobs: Sequence[Job]) -> list[Outcome]:
    """Estimate points of one workload.

    Args:
        path: of the trace.
        jobs: points.
    """
    try:
        trace, cache = _loaded(path)
    except SparseSimError as error:
        return [Outcome(job.key, {}, {}, str(error), 0.0) for job in jobs]
    return [_measure(trace, cache, job) for job in jobs]


def _measure(trace: Trace, cache: Cache | None, job: Job) -> Outcome:
    from sparsesim.estimator import estimate

    begin = time.perf_counter()
    try:
        result = estimate(
            trace,
            job.accelerator,
            job.device,
            seed=job.seed,
            iso_resource=job.iso_resource,
            cache=cache,
        )
        metrics, details = measured(result, job.iso_resource), details_of(result)
    except SparseSimError as error:
        return Outcome(job.key, {}, {}, str(error), time.perf_counter() - begin)
    except Exception as error:  # ours to mend, but no reason to stop a thousand other points
        text = f"{type(error).__name__}: {error}".replace("\n", " ")
        return Outcome(job.key, {}, {}, text, time.perf_counter() - begin)
    return Outcome(job.key, metrics, details, "", time.perf_counter() - begin)


_last: tuple[Path, Trace, Cache | None] | None = None
_loading = Lock()  # a cluster's worker may have several threads


def _loaded(path: Path) -> tuple[Trace, Cache | None]:
    """The trace and a cache of its operands; those of the last one are given up."""
    from sparsesim.estimator import Cache
    from sparsesim.trace.store import load_trace

    global _last
    with _loading:
        if _last is None or _last[0] != path:
            _last = None
            trace = load_trace(path)
            cache = None
            if _lowered_bytes(trace) <= _CACHED_BYTES:
                trace, cache = replace(trace, images=tuple(trace.images)), Cache()
            _last = path, trace, cache
        return _last[1], _last[2]


def _lowered_bytes(trace: Trace) -> int:
    """Of all images' operands, laid out for a machine: some bits an element."""
    rows = [
        (
            layer.geometry.groups * layer.geometry.positions
            + layer.geometry.weight_sets * layer.geometry.filters
        )
        * (layer.geometry.reduction // 64 + 2)
        for layer in trace.layers
    ]
    return 3 * 8 * sum(rows) * trace.source.runs
