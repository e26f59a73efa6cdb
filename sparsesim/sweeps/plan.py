"""What a sweep would take, from a look at it: one run of each network, a few points."""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparsesim.sweeps.engines import engine_of
from sparsesim.sweeps.losses import is_loss
from sparsesim.sweeps.measure import Job, measure
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.space import Left, Space, empty
from sparsesim.sweeps.spec import NO_THRESHOLDS, SweepSpec
from sparsesim.sweeps.traces import Traces, settled

_TRIED = 5  # points of each network
_POINT_BYTES, _LAYER_BYTES = 1_700, 100  # of a point in the file, about


@dataclass(frozen=True)
class Plan:
    """What a sweep would take.

    Attributes:
        points: to be measured.
        left: what conditions and devices left of the space.
        workloads: traces that are needed.
        seconds: of one core, about: for executions and points, from one run and a few points.
        trace_bytes, point_bytes: on disk, about.
    """

    points: int
    left: Left
    workloads: tuple[Workload, ...]
    seconds: float
    trace_bytes: float
    point_bytes: float


def plan(spec: SweepSpec) -> Plan:
    """Look at a sweep.

    Raises:
        SparseSimError: the space is empty, or a file is none.
    """
    spec = settled(spec)
    space = Space(spec)
    left = Left()
    counts, some = _likely(space, left)
    seconds = trace_bytes = point_bytes = 0.0
    with tempfile.TemporaryDirectory() as folder:
        traces = Traces(spec, Path(folder))
        for workload, points in counts.items():
            began = time.perf_counter()
            size = traces.images_per_run(workload)
            path = traces.execute(_quick(workload, size))
            executed = time.perf_counter() - began
            layers, each = _try(path, some[workload], space)
            runs = workload.images // size
            seconds += runs * (executed + points * each)
            trace_bytes += runs * path.stat().st_size
            point_bytes += points * (_POINT_BYTES + layers * _LAYER_BYTES)
    return Plan(counts.total(), left, tuple(counts), seconds, trace_bytes, point_bytes)


def _quick(workload: Workload, images: int) -> Workload:
    """One run of it, and no search for its thresholds: a few zeros less."""
    thresholds = workload.thresholds
    if is_loss(thresholds):
        thresholds = NO_THRESHOLDS
    return replace(workload, images=images, sample="first", thresholds=thresholds)


def _likely(space: Space, left: Left) -> tuple[Counter[Workload], dict[Workload, list[Point]]]:
    """How many points each workload has, and some of them; drawn ones where an engine chooses them
    as it goes on."""
    spec = space.spec
    listed = spec if spec.engine in ("grid", "random") else spec.with_(engine="random")
    engine = engine_of(Space(listed), left)
    counts: Counter[Workload] = Counter()
    some: defaultdict[Workload, list[Point]] = defaultdict(list)
    while points := engine.ask():
        counts.update(point.workload for point in points)
        for workload in dict.fromkeys(point.workload for point in points):
            some[workload] += _spread([point for point in points if point.workload == workload])
    if not counts:
        raise empty(left)
    return counts, some


def _spread(points: Sequence[Point]) -> Sequence[Point]:
    return points[:: max(1, len(points) // _TRIED)][:_TRIED]


def _try(path: Path, points: Sequence[Point], space: Space) -> tuple[int, float]:
    """Layers of the network, and mean seconds a point on one run."""
    jobs = [
        Job(point.key, point.accelerator, space.devices[point.device], space.spec.seed)
        for point in _spread(points)
    ]
    measure(path, jobs[:1])  # compiles, and reads the trace
    outcomes = measure(path, jobs)
    return len(outcomes[0].details["layers"]), sum(o.seconds for o in outcomes) / len(outcomes)
