"""A sweep from its specification to a file of points: traces first, then what is missing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import sparsesim
from sparsesim.errors import SparseSimError, SpecError
from sparsesim.sweep.code import code_sha256
from sparsesim.sweep.measure import Job, Outcome
from sparsesim.sweep.point import Point, Workload
from sparsesim.sweep.pool import Task, run_here, run_pool
from sparsesim.sweep.space import Left, Space
from sparsesim.sweep.spec import SweepSpec
from sparsesim.sweep.store import POINTS, Store
from sparsesim.sweep.traces import Traces

TRACES = "traces"
MANY = 1_000_000
_TASK_SECONDS, _MOST_JOBS = 0.3, 64  # short enough to lose, long enough not to wait for the next


@dataclass
class Done:
    """What a sweep did.

    Attributes:
        points: of the sweep, in order.
        left: what conditions and devices left of the space.
        measured, kept: points that were measured now; that were there.
        stale: of the measured, those that were there with other code, model or inputs.
        missing: points that time did not allow.
        errors: key -> one line, of points that failed.
    """

    points: tuple[Point, ...]
    left: Left
    measured: int = 0
    kept: int = 0
    stale: int = 0
    missing: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def sweep_into(
    spec: SweepSpec,
    folder: Path,
    *,
    workers: int = 1,
    progress: Callable[[str, int, int], Any] = lambda label, done, total: None,
) -> Done:
    """Measure the points of a sweep that a folder lacks.

    Points that failed, or were measured with another code, model or inputs, are measured again.

    Args:
        spec: of the sweep.
        folder: gets `points.sqlite` and `traces`; what it has is kept.
        workers: processes of one core each; 1: this one, on all cores.
        progress: called with what goes on, how much of it is done, and of how much.
    Raises:
        SparseSimError: the space is empty, a file is none, another sweep writes here, or what is
            in the folder is no file of points.
    """
    began = time.monotonic()
    space = Space(spec)
    left = Left()
    points = chosen(space, left)
    _make(folder)
    with _alone(folder), closing(Store(folder / POINTS)) as store:
        traces = Traces(spec, folder / TRACES)
        hashes = _hashes(points, traces, space)
        known = store.hashes()
        store.begin(_about(spec, left), (point.key for point in points))
        done = Done(points, left)
        todo = []
        for point in points:
            digest, failed = known.get(point.key, ("", False))
            is_stale = bool(digest) and digest != hashes[point.key]
            done.stale += is_stale
            if failed or digest != hashes[point.key]:
                todo.append(point)
        done.kept, done.missing = len(points) - len(todo), len(todo)
        paths = {}
        for workload in dict.fromkeys(point.workload for point in todo):
            watch = partial(_executing, progress, workload)
            paths[workload] = traces.execute(workload, watch)
        by_key = {point.key: point for point in todo}
        tasks = _Tasks(todo, paths, space, began)
        for outcomes in run_here(tasks) if workers == 1 else run_pool(tasks, workers):
            store.add(_rows(outcomes, by_key, hashes, space))
            done.errors |= {outcome.key: outcome.error for outcome in outcomes if outcome.error}
            done.measured += len(outcomes)
            done.missing -= len(outcomes)
            tasks.took(outcomes)
            progress("measuring", done.measured, len(todo))
    return done


def _executing(progress: Callable[[str, int, int], Any], workload: Workload, done: int) -> None:
    progress(f"executing {workload.network}", done, workload.images)


def refuse_many(spec: SweepSpec, yes: bool) -> None:
    """Raise where all of a huge grid would be measured unasked.

    Raises:
        SpecError: over a million combinations without `yes`.
    """
    size = Space(spec).size
    if spec.engine == "grid" and spec.points is None and size > MANY and not yes:
        raise SpecError(
            f"the grid has {size:,} combinations, over {MANY:,}; give --yes, points = N, or "
            "engine = 'random'"
        )


def chosen(space: Space, left: Left) -> tuple[Point, ...]:
    """The points that the sweep's engine and its budget of points choose.

    Raises:
        SpecError: there is none.
    """
    spec = space.spec
    if spec.engine == "random":
        points = list(space.sample(spec.points or _DRAWN, spec.seed, left))
    else:
        points = []
        for point in space.points(left):
            points.append(point)
            if len(points) == spec.points:
                break
    if not points:
        cut = ", ".join(f"'{what}' cuts {count:,}" for what, count in left.broken.most_common(3))
        raise SpecError(f"the space is empty: of {left.all:,} combinations {cut}")
    return tuple(points)


_DRAWN = 100  # points that the random engine draws where it is not told


class _Tasks:
    """Points as tasks, larger ones once it is known how long a point takes."""

    def __init__(
        self,
        points: Sequence[Point],
        paths: Mapping[Workload, Path],
        space: Space,
        began: float,
    ) -> None:
        self._points, self._paths, self._space = points, paths, space
        self._ends = began + (space.spec.seconds or float("inf"))
        self._next, self._jobs = 0, 1

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        if self._next == len(self._points) or time.monotonic() > self._ends:
            raise StopIteration
        workload = self._points[self._next].workload
        jobs: list[Job] = []
        while len(jobs) < self._jobs and self._next < len(self._points):
            point = self._points[self._next]
            if point.workload != workload:
                break
            device = self._space.devices[point.device]
            jobs.append(Job(point.key, point.accelerator, device, self._space.spec.seed))
            self._next += 1
        return Task(self._paths[workload], tuple(jobs))

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """Told of every task that is done."""
        seconds = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
        self._jobs = max(1, min(_MOST_JOBS, int(_TASK_SECONDS / max(seconds, 1e-6))))


def _about(spec: SweepSpec, left: Left) -> dict[str, Any]:
    """What reports need beside the points."""
    return {
        "spec": spec.model_dump(mode="json", by_alias=True),
        "combinations": left.all,
        "cut": dict(left.broken),
        "code": code_sha256(),
        "sparsesim": sparsesim.__version__,
    }


def _rows(
    outcomes: Sequence[Outcome],
    points: Mapping[str, Point],
    hashes: Mapping[str, str],
    space: Space,
) -> Iterator[tuple[Outcome, str, dict[str, Any]]]:
    for outcome in outcomes:
        point = points[outcome.key]
        if not outcome.error:
            outcome = replace(outcome, metrics=outcome.metrics | space.resources(point))
        yield outcome, hashes[outcome.key], point.parameters


def _hashes(points: Sequence[Point], traces: Traces, space: Space) -> dict[str, str]:
    """Of all that each point's numbers hang on beside its parameters."""
    of_trace = {w: traces.identity(w) for w in dict.fromkeys(point.workload for point in points)}
    of_device = {name: device.sha256() for name, device in space.devices.items()}
    both = {
        (w, name): hashlib.sha256(f"{one} {other} {space.spec.seed}".encode()).hexdigest()
        for w, one in of_trace.items()
        for name, other in of_device.items()
    }
    return {point.key: both[point.workload, point.device] for point in points}


def _make(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise SparseSimError(f"{folder.parent}: no such folder")
    if folder.exists() and not folder.is_dir():
        raise SparseSimError(f"{folder}: is a file; name a folder")
    folder.mkdir(exist_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a second sweep into the same folder; a killed one leaves nothing that would."""
    try:
        import fcntl
    except ImportError:  # Windows: SQLite's own locks still keep the file whole
        yield
        return
    with open(folder / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SparseSimError(f"{folder}: another sweep writes here; wait for it") from None
        yield
