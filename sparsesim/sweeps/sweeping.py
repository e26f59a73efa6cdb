"""A sweep from its specification to a file of points: traces first, then what is missing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sparsesim
from sparsesim.errors import SparseSimError, SpecError
from sparsesim.files import refuse_filled
from sparsesim.machines.found import is_of_this_process
from sparsesim.sweeps.code import code_sha256, own_sha256
from sparsesim.sweeps.engines import engine_of
from sparsesim.sweeps.facts import facts_of
from sparsesim.sweeps.measure import Job, Outcome, Processes, Task
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.pool import Here, Pool
from sparsesim.sweeps.result import load_sweep_result, result_of
from sparsesim.sweeps.space import Left, Space, empty
from sparsesim.sweeps.spec import SweepSpec, load_sweep
from sparsesim.sweeps.store import POINTS, Store
from sparsesim.sweeps.traces import Executed, Traces, settled

if TYPE_CHECKING:
    from sparsesim.sweeps.promise import Work

TRACES = "traces"
MANY = 1_000_000
_TASK_SECONDS, _MOST_JOBS = 0.3, 64  # short enough to lose, long enough not to wait for the next


@dataclass
class Done:
    """What a sweep did.

    Attributes:
        left: what conditions and devices left of the space.
        points: that the engine asked for; all that it would, where time ran out.
        measured, kept: points that were measured now; that were there.
        stale: of the measured, those that were there with other code, model or inputs.
        errors: key -> one line, of points that failed.
        is_whole: the engine has no more points; else time ran out.
    """

    left: Left
    points: int = 0
    measured: int = 0
    kept: int = 0
    stale: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    is_whole: bool = False

    @property
    def missing(self) -> int:
        """Points that were asked for and that time did not allow."""
        return self.points - self.measured - self.kept


def sweep(
    spec: SweepSpec | str | Path,
    folder: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[str, int, int], Any] = lambda label, done, total: None,
) -> Any:
    """Measure a sweep's points as far as a folder lacks them, and give all of them.

    Args:
        spec: of the sweep, or its TOML file.
        folder: gets points and traces; what it has is kept.
        workers: processes of one core each; default: as many as there are cores. Above one, a
            script must call this under `if __name__ == "__main__":`, as they import it.
        scheduler: address of a Dask cluster that measures in their place.
        progress: called with what goes on, how much of it is done, and of how much.
    Returns:
        a Polars data frame, one row a point: parameters, metrics, `on_front`, `error`, `seconds`.
    Raises:
        SparseSimError: as `sweep_into`, or Polars is not installed.
    """
    from sparsesim.engine.threads import thread_count

    wanted = spec if isinstance(spec, SweepSpec) else load_sweep(spec)
    sweep_into(
        wanted,
        Path(folder),
        workers=workers or thread_count(),
        scheduler=scheduler,
        progress=progress,
    )
    return load_sweep_result(folder).frame()


def sweep_into(
    spec: SweepSpec,
    folder: Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[str, int, int], Any] = lambda label, done, total: None,
    traces: Executed | None = None,
) -> Done:
    """Measure the points of a sweep that a folder lacks.

    Points that failed, or were measured with another code, model or inputs, are measured again.

    Args:
        spec: of the sweep.
        folder: gets `points.sqlite` and `traces`; what it has is kept.
        workers: processes of one core each; 1: this one, on all cores.
        scheduler: address of a Dask cluster that measures in their place.
        progress: called with what goes on, how much of it is done, and of how much.
        traces: of its workloads; default: those of the networks' files, executed as needed.
    Raises:
        SparseSimError: the space is empty, a file is none, another sweep writes here, what is in
            the folder is no file of points, or other processes don't find a machine.
    """
    ends = time.monotonic() + (spec.seconds or float("inf"))
    spec = settled(spec)
    left = Left()
    space = Space(spec)
    if workers > 1 or scheduler is not None:
        _refuse_own(space)
    refuse_filled(folder, force=True)
    traces = traces or Traces(spec, folder / TRACES, progress)
    engine = engine_of(space, left, _Looked(traces, space))
    points = engine.ask()
    if not points:
        raise empty(left)
    folder.mkdir(exist_ok=True)
    with (
        _alone(folder),
        closing(Store(folder / POINTS)) as store,
        closing(_processes(workers, scheduler)) as processes,
    ):
        run = _Run(space, traces, store, processes, progress, ends, Done(left))
        store.begin()
        while points:
            store.say(_about(spec, left, engine.total))
            run.measure(points, engine.total)
            if run.done.missing:  # time ran out
                run.done.points = engine.total
                return run.done
            engine.tell(zip(points, store.metrics(point.key for point in points), strict=True))
            points = engine.ask()
        store.say(_about(spec, left, run.done.points))
        run.look()
        run.compare([Point.of(row.parameters) for row in result_of(store).front])
    run.done.is_whole = True
    return run.done


class _Looked:
    """What the workloads have to do, each executed and looked at once."""

    def __init__(self, traces: Executed, space: Space) -> None:
        self._traces, self._space = traces, space
        self._known: dict[Workload, Sequence[Work]] = {}

    def __call__(self, workload: Workload) -> Sequence[Work]:
        from sparsesim.sweeps.promise import work_of
        from sparsesim.trace.store import load_trace

        if workload not in self._known:
            trace = load_trace(self._traces.execute(workload))
            self._known[workload] = work_of(trace, self._space.start)
        return self._known[workload]


def _refuse_own(space: Space) -> None:
    """Raise where other processes don't find a machine."""
    for one in space.machines:
        if is_of_this_process(one.start.machine):
            raise SpecError(
                f"machine '{one.start.machine}' is registered in this process alone; name its file "
                "(file.py:NAME), or measure in one process"
            )


def _processes(workers: int, scheduler: str | None) -> Processes:
    if scheduler is not None:
        from sparsesim.sweeps.cluster import Cluster

        return Cluster(scheduler)
    return Here() if workers == 1 else Pool(workers)


class _Run:
    """A sweep under way."""

    def __init__(
        self,
        space: Space,
        traces: Executed,
        store: Store,
        processes: Processes,
        progress: Callable[[str, int, int], Any],
        ends: float,
        done: Done,
    ) -> None:
        self._space, self._traces, self._store = space, traces, store
        self._processes, self._progress, self._ends = processes, progress, ends
        self._known = store.known()
        self._workloads: dict[Workload, None] = {}  # in the order in which they came
        self.done = done

    def measure(self, points: Sequence[Point], total: int) -> None:
        """Those of these points that are missing, failed or stale."""
        done, compares = self.done, self._space.needs_iso_resource
        hashes = _hashes(points, self._traces, self._space)
        self._store.join(point.key for point in points)
        self._workloads |= dict.fromkeys(point.workload for point in points)
        done.points += len(points)
        todo = []
        for point in points:
            known = self._known.get(point.key)
            if known is not None and known.hash != hashes[point.key]:
                done.stale += 1
                known = None
            if known is None or known.failed or (compares and not known.compared):
                todo.append(point)
        done.kept += len(points) - len(todo)
        for outcomes in self._outcomes(todo, hashes, compares):
            done.errors |= {outcome.key: outcome.error for outcome in outcomes if outcome.error}
            done.measured += len(outcomes)
            self._progress("measuring", done.measured + done.kept, total)

    def look(self) -> None:
        """Keep facts of the workloads, as far as the store lacks them."""
        from sparsesim.trace.store import load_trace

        known = self._store.workload_hashes()
        workloads = self._workloads
        for done, workload in enumerate(workloads):
            digest = self._traces.identity(workload)
            if known.get(workload) != digest:
                self._progress("counting formats", done, len(workloads))
                facts = facts_of(load_trace(self._traces.execute(workload)), self._space.start)
                self._store.add_workload(workload, digest, facts)

    def compare(self, points: Sequence[Point]) -> None:
        """These points, which were measured, with dense arrays of equal resources."""
        known = self._store.known()
        points = [point for point in points if not known[point.key].compared]
        hashes = {point.key: known[point.key].hash for point in points}
        compared = 0
        for outcomes in self._outcomes(points, hashes, True):
            self.done.errors |= {one.key: one.error for one in outcomes if one.error}
            compared += len(outcomes)
            self._progress("comparing the front with dense arrays", compared, len(points))

    def _outcomes(
        self, points: Sequence[Point], hashes: Mapping[str, str], iso_resource: bool
    ) -> Iterator[list[Outcome]]:
        """What comes of points, kept as it comes."""
        paths = {}
        for workload in dict.fromkeys(point.workload for point in points):
            paths[workload] = self._traces.execute(workload)
        by_key = {point.key: point for point in points}
        tasks = _Tasks(points, paths, self._space, self._ends, iso_resource)
        for outcomes in self._processes.run(tasks):
            self._store.add(_rows(outcomes, by_key, hashes, self._space))
            tasks.took(outcomes)
            yield outcomes


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


class _Tasks:
    """Points as tasks, larger ones once it is known how long a point takes."""

    def __init__(
        self,
        points: Sequence[Point],
        paths: Mapping[Workload, Path],
        space: Space,
        ends: float,
        iso_resource: bool,
    ) -> None:
        self._points, self._paths, self._space, self._ends = points, paths, space, ends
        self._iso_resource = iso_resource
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
            device, seed = self._space.devices[point.device], self._space.spec.seed
            jobs.append(Job(point.key, point.accelerator, device, seed, self._iso_resource))
            self._next += 1
        return Task(self._paths[workload], tuple(jobs))

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """Told of every task that is done."""
        seconds = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
        self._jobs = max(1, min(_MOST_JOBS, int(_TASK_SECONDS / max(seconds, 1e-6))))


def _about(spec: SweepSpec, left: Left, points: int) -> dict[str, Any]:
    """What reports need beside the points; `points`: how many there are to be."""
    return {
        "points": points,
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


def _hashes(points: Sequence[Point], traces: Executed, space: Space) -> dict[str, str]:
    """Of all that each point's numbers hang on beside its parameters."""
    of_trace = {w: traces.identity(w) for w in dict.fromkeys(point.workload for point in points)}
    of_device = {name: device.sha256() for name, device in space.devices.items()}
    of_own: dict[tuple[str, ...], str] = {}
    found = {}
    for point in points:
        on = point.accelerator
        named = on.machine, on.activation_format, on.weight_format
        if named not in of_own:
            of_own[named] = own_sha256(*named)
        parts = of_trace[point.workload], of_device[point.device], space.spec.seed, of_own[named]
        found[point.key] = hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
    return found


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
