"""The engine that looks for one answer each: the best point of every machine and scheme.

Arrays are tried by their promise (`sweeps.promise`), which is corrected by what was measured: how
much longer points took than was promised, by the values of their keys; last the neighbours of the
best one. The keys that all machines share (buffers, formats, ...) keep the middle one of their
values meanwhile; then each of them in turn takes the value that is best for the best array, a few
others that came near it are tried with these, and the keys take their turn with the best of all.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, log, prod
from typing import Any

import numpy as np

from sparsesim.machines.scheme import Scheme
from sparsesim.spec import Device
from sparsesim.spec.accelerator import Accelerator
from sparsesim.sweeps.engines.engine import Told
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.machine_axes import MACHINE, MachineAxes
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.promise import Work, promise
from sparsesim.sweeps.space import Left, Space

Look = Callable[[Workload], Sequence[Work]]
"""What there is to do in a workload: executes it where that was not done yet."""

MOST = 48
"""Arrays of a machine and scheme that are measured, where the file names no number of points."""

_COMMON = 32  # points at most that are measured beside them, with other common keys
_FEW = 6  # values of an axis, each of which is tried at least once
_NEAR = 1.6  # ... where it promises no more than so much over the best
_BATCH = 4
_PATIENCE = 2  # batches in a row without a gain
_GAIN = 0.998
_STEPS = 4  # values of an axis between the best array and its neighbours
_LAST = 6  # arrays that are tried with the common keys that were found
_FAILS = 3
_ROUNDING = 1 - 1e-9


class Best:
    """One race for each workload, device, machine and scheme; they run side by side.

    Args:
        space: of the sweep.
        left: is told what conditions and devices leave out.
        look: what a workload has to do.
    """

    def __init__(self, space: Space, left: Left, look: Look) -> None:
        self._races = list(_races(space, left, look))
        most = space.spec.points
        self._left = most if most is not None else (MOST + _COMMON) * len(self._races)
        self.total = self._left if self._races else 0
        self._asked: dict[str, list[_Race]] = {}

    def ask(self) -> Sequence[Point]:
        """The next points of all races that are not over."""
        asked: dict[str, Point] = {}
        self._asked = {}
        for race in self._races:
            for point in race.ask():
                if point.key in asked or len(asked) < self._left:
                    asked[point.key] = point
                    self._asked.setdefault(point.key, []).append(race)
        self._left -= len(asked)
        return list(asked.values())

    def tell(self, told: Iterable[Told]) -> None:
        """What came of them."""
        for point, metrics in told:
            for race in self._asked[point.key]:
                race.tell(point, metrics)


def _races(space: Space, left: Left, look: Look) -> Iterator[_Race]:
    for workload in space.workloads:
        for device in space.devices:
            for on in space.machines:
                for scheme in on.axes.get("skipping", (on.start.skipping,)):
                    race = _Race(space, workload, device, on, scheme, look, left)
                    if race.entries:
                        yield race


@dataclass
class _Entry:
    """An array in a race.

    Attributes:
        own: values of the machine's own axes.
        at: the index of each among its axis's values.
        point: with the common keys at their middle values.
        least, about: costs that it promises.
        cost: that was measured; None: it was not.
    """

    own: dict[str, Any]
    at: tuple[int, ...]
    point: Point
    least: float = 0.0
    about: float = 1.0
    cost: float | None = None


class _Race:
    """The arrays of one machine under one scheme, for one workload on one device."""

    def __init__(
        self,
        space: Space,
        workload: Workload,
        device: str,
        on: MachineAxes,
        scheme: str,
        look: Look,
        left: Left,
    ) -> None:
        self._space, self._workload, self._device = space, workload, device
        self._on, self._scheme, self._look, self._left = on, scheme, look, left
        names = type(on.start.array).model_fields
        self._own = [key for key in on.axes if key in names]
        self._common = [key for key in on.axes if key not in names and key != "skipping"]
        self._metric = space.spec.objectives[0]
        self._constraints = [Expression.read(t, space.spec.names) for t in space.spec.constraints]
        self._settled = self._middle(space, on)
        self._costs: dict[str, float] = {}  # of points, by key
        self.entries = list(self._made())
        if not self.entries:  # as where large buffers leave no room
            self._settled = {key: on.axes[key][0] for key in self._common}
            self.entries = list(self._made())
        self._wider = [
            self._settled | {key: on.axes[key][-1]}
            for key in self._common
            if key.endswith("_buffer_kib") and self._settled[key] != on.axes[key][-1]
        ]
        self._steps = self._run()

    def ask(self) -> Sequence[Point]:
        """The next points; none at the end."""
        return next((points for points in self._steps if points), ())

    def tell(self, point: Point, metrics: Mapping[str, Any]) -> None:
        """What came of one of them."""
        self._costs[point.key] = self._cost(point, metrics)

    def _made(self) -> Iterator[_Entry]:
        """All arrays that are left: a condition cuts as soon as the keys that it reads are set."""
        sizes = [len(self._on.axes[key]) for key in self._own]
        known = {**vars(self._workload), "device": self._device, **self._on.given}
        known |= {**self._settled, "skipping": self._scheme}
        for key in self._own:
            known.pop(key, None)
        read = list(self._space.early(self._on))
        by_level: list[list[Expression]] = []
        names = set(known)
        for key in self._own:
            names.add(key)
            by_level.append([one for one in read if one.names <= names])
            read = [one for one in read if not one.names <= names]

        def arrays(level: int, own: dict[str, Any], at: tuple[int, ...]) -> Iterator[_Entry]:
            if level == len(self._own):
                point = self._point(own, self._settled, self._left)
                if point is not None:
                    yield _Entry(own, at, point)
                return
            for index, value in enumerate(self._on.axes[self._own[level]]):
                fixed = own | {self._own[level]: value}
                whole = known | fixed
                broken = next((one for one in by_level[level] if not one.holds(whole)), None)
                if broken is None:
                    yield from arrays(level + 1, fixed, (*at, index))
                else:
                    self._left.all += prod(sizes[level + 1 :])
                    self._left.broken[broken.text] += prod(sizes[level + 1 :])

        yield from arrays(0, {}, ())

    def _middle(self, space: Space, on: MachineAxes) -> dict[str, Any]:
        """The middle values of the common keys, or the nearest that conditions allow."""
        sizes = [len(on.axes[key]) for key in self._common]
        known = {**vars(self._workload), "device": self._device, "skipping": self._scheme}
        known[MACHINE] = on.start.machine
        tried = product(*map(range, sizes))
        off = [sum(abs(n - size // 2) for n, size in zip(at, sizes, strict=True)) for at in tried]
        order = np.argsort(off, kind="stable")
        for at in (np.unravel_index(number, sizes) for number in order.tolist()):
            found = {key: on.axes[key][n] for key, n in zip(self._common, at, strict=True)}
            if all(one.holds(known | found) for one in space.early(on)):
                break
        return found

    def _point(self, own: Mapping[str, Any], common: Mapping[str, Any], left: Left) -> Point | None:
        values = {**common, **own, "skipping": self._scheme}
        return self._space.made(self._workload, self._device, self._on, values, left)

    def _cost(self, point: Point, metrics: Mapping[str, Any]) -> float:
        """Less is better; infinite where it failed, or is no answer."""
        value = metrics.get(self._metric)
        known = point.parameters | dict(metrics)
        if value is None or not all(one.holds(known) for one in self._constraints):
            return inf
        return float(value) if METRICS[self._metric].better == "less" else 1 / max(value, 1e-30)

    # --- the race ------------------------------------------------------------------------------

    def _run(self) -> Iterator[Sequence[Point]]:
        self._promise()
        yield from self._measure(self._first())
        without = 0
        while without < _PATIENCE and not self._is_over():
            best = self._best_cost()
            fresh = self._likeliest(_BATCH)
            if not fresh:
                break
            yield from self._measure(fresh)
            without = 0 if self._best_cost() < _GAIN * best else without + 1
        if self._best_cost() == inf:
            if self._widen():
                yield from self._run()
            return
        yield from self._climb()
        first = self._best()
        yield from self._settle(first)
        best_of_all = yield from self._contend(first)
        yield from self._settle(best_of_all, to_least=True)

    def _climb(self) -> Iterator[Sequence[Point]]:
        """The neighbours of the best array that promise the least, as long as one of them is
        better: an effect that was found for a value over all arrays can be wrong near the best."""
        better = True
        while better and not self._is_over():
            best = self._best_cost()
            near = self._neighbours(self._best())[:_BATCH]
            if near:
                yield from self._measure(near)
            better = self._best_cost() < best

    def _neighbours(self, best: _Entry) -> list[_Entry]:
        """Arrays within some steps of one on each axis that were not measured, by their promise;
        the nearest of those that promise the same."""

        def steps(entry: _Entry) -> list[int]:
            return [abs(a - b) for a, b in zip(entry.at, best.at, strict=True)]

        near = [e for e in self.entries if max(steps(e), default=0) <= _STEPS]
        near.sort(key=lambda entry: (entry.about, sum(steps(entry))))
        nearest: dict[float, _Entry] = {}
        for entry in near:
            nearest.setdefault(entry.about, entry)
        best_cost = self._best_cost()
        return [e for e in nearest.values() if e.cost is None and e.least * _ROUNDING < best_cost]

    def _best(self) -> _Entry:
        """The best array of those that were measured."""
        return min(
            (e for e in self.entries if e.cost is not None), key=lambda entry: entry.cost or inf
        )

    def _widen(self) -> bool:
        """Begin anew with one of the buffers at its largest, where all that was tried failed: a
        layer may not fit the middle one. False: each has had its turn."""
        self._left = Left()  # arrays are counted once
        while self._wider:
            self._settled = self._wider.pop(0)
            self.entries = list(self._made())
            if self.entries:
                return True
        return False

    def _promise(self) -> None:
        work, device = self._look(self._workload), self._space.devices[self._device]
        scheme = self._on.start.rules.scheme(self._scheme)
        for entry in self.entries:
            on = entry.point.accelerator
            entry.least, entry.about = _promised(
                self._metric, work, on, scheme, device, self._workload.images
            )
        self.entries.sort(key=lambda entry: entry.about)  # of equals the first combination

    def _measure(self, entries: Sequence[_Entry]) -> Iterator[Sequence[Point]]:
        yield [entry.point for entry in entries]
        for entry in entries:
            entry.cost = self._costs.get(entry.point.key)

    def _first(self) -> list[_Entry]:
        """The most promising array, and that of each value of an axis; where these are many, of
        some from the least to the largest. A promise knows nothing of passes, so that shapes which
        promise the same may take very different times."""
        found = {0: self.entries[0]}
        for axis, key in enumerate(self._own):
            if len(self._on.axes[key]) == 1:
                continue
            firsts: dict[int, int] = {}
            for number, entry in enumerate(self.entries):
                if entry.about > _NEAR * self.entries[0].about:
                    break
                firsts.setdefault(entry.at[axis], number)
            values = sorted(firsts)
            places = np.linspace(0, len(values) - 1, min(_FEW, len(values))).round()
            for place in places.astype(int):
                number = firsts[values[place]]
                found[number] = self.entries[number]
        return [found[number] for number in sorted(found)]

    def _is_over(self) -> bool:
        """No array that is left can be better, or none can be run at all."""
        tried = [entry for entry in self.entries if entry.cost is not None]
        if len(tried) >= MOST:
            return True
        best = self._best_cost()
        if best == inf:
            return len(tried) >= _FAILS
        return all(e.cost is not None or e.least * _ROUNDING >= best for e in self.entries)

    def _best_cost(self) -> float:
        return min(self._costs.values(), default=inf)

    def _likeliest(self, count: int) -> list[_Entry]:
        """Arrays that were not measured, those of the least expected cost."""
        expected, best = self._expected(), self._best_cost()
        order = np.argsort(expected, kind="stable")
        entries = (self.entries[at] for at in order.tolist())
        found = (e for e in entries if e.cost is None and e.least * _ROUNDING < best)
        return [entry for entry, _ in zip(found, range(count), strict=False)]

    def _expected(self) -> np.ndarray:
        """Logarithms of costs: what was promised, and what the values of keys add to it by those
        that were measured (ridge regression, an effect for each value)."""
        promised = np.log([entry.about for entry in self.entries])
        sizes = [len(self._on.axes[key]) for key in self._own]
        firsts = np.cumsum([0, *sizes[:-1]])
        features = np.zeros((len(self.entries), sum(sizes)))
        rows = np.arange(len(self.entries))
        for axis, first in enumerate(firsts):
            features[rows, first + np.array([entry.at[axis] for entry in self.entries])] = 1
        known = [n for n, e in enumerate(self.entries) if e.cost not in (None, inf)]
        if not known:
            return promised
        off = np.array([log(self.entries[n].cost or 1.0) for n in known]) - promised[known]
        mean, some = off.mean(), features[known]
        weights = np.linalg.solve(
            some.T @ some + 0.5 * np.eye(some.shape[1]), some.T @ (off - mean)
        )
        expected = promised + mean + features @ weights
        expected[known] = off + promised[known]
        return expected

    def _settle(self, entry: _Entry, to_least: bool = False) -> Iterator[Sequence[Point]]:
        """The common keys, one after the other, for an array; where several values are as good it
        keeps the one that it has, so that others fit as well, or at the end takes the least."""
        for key in self._common:
            values = self._on.axes[key]
            if len(values) == 1:
                continue
            made = {value: self._with(entry, {key: value}) for value in values}
            points = {value: point for value, point in made.items() if point is not None}
            yield [point for point in points.values() if point.key not in self._costs]
            costs = {value: self._costs.get(point.key, inf) for value, point in points.items()}
            had = self._settled[key]
            least = min(costs, key=lambda value: costs[value])
            if to_least or had not in costs or costs[least] < costs[had]:
                self._settled[key] = least

    def _contend(self, best: _Entry) -> Generator[Sequence[Point], None, _Entry]:
        """A few arrays with the common keys that were found for the best one; the best of them."""
        tried = [best, *self._contenders(best)]
        made = [(entry, self._with(entry, {})) for entry in tried]
        points = [(entry, point) for entry, point in made if point is not None]
        yield [point for _, point in points if point.key not in self._costs]
        return min(points, key=lambda one: self._costs.get(one[1].key, inf))[0]

    def _contenders(self, best: _Entry) -> list[_Entry]:
        """Other arrays, the best by what was measured, or else by what is expected: those that did
        not run as well. One of those that took, or promise, the same."""
        order = np.argsort(self._expected(), kind="stable")
        found: dict[float, _Entry] = {(best.cost or inf): best}
        for entry in (self.entries[at] for at in order.tolist()):
            if len(found) > _LAST:
                break
            if entry.least * _ROUNDING < self._best_cost():
                is_measured = entry.cost is not None and entry.cost < inf
                found.setdefault(entry.cost if is_measured else -entry.about, entry)
        return list(found.values())[1:]

    def _with(self, entry: _Entry, values: Mapping[str, Any]) -> Point | None:
        """An array with the common keys as they were found, but for these."""
        return self._point(entry.own, {**self._settled, **values}, Left())


def _promised(
    metric: str,
    work: Sequence[Work],
    accelerator: Accelerator,
    scheme: Scheme,
    device: Device,
    images: int,
) -> tuple[float, float]:
    """The cost that is promised at least, and about; 0 and 1 where time is no part of it."""
    if metric not in _OF_A_CYCLE:
        return 0.0, 1.0
    found = promise(work, accelerator, scheme, device)
    cost = _OF_A_CYCLE[metric](accelerator.clock_mhz) / images
    return found.least * cost, found.about * cost


_OF_A_CYCLE: dict[str, Callable[[float], float]] = {
    "cycles": lambda mhz: 1.0,
    "ms": lambda mhz: 1e-3 / mhz,
    "images_per_s": lambda mhz: 1e-6 / mhz,
}
"""Metrics that rise or fall with cycles: the cost of one at a clock in MHz."""
