"""Which points of a sweep reports speak of: a network's, its front, its best at each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.store import Row
from sparsesim.sweeps.table import Rows


@dataclass(frozen=True, eq=False)
class Group:
    """The points of one network.

    Attributes:
        result: of the sweep.
        network: its name.
        alone: the sweep has no other.
        answers, front: its points.
    """

    result: SweepResult
    network: str
    alone: bool
    answers: Rows
    front: Rows

    @property
    def objective(self) -> str:
        """The first one."""
        return self.result.spec.objectives[0]

    @property
    def facts(self) -> Mapping[str, Any] | None:
        """Of what was executed for the first point of the front."""
        known = self.result.workloads
        return known.get(Point.of(self.front[0].parameters).workload) if self.front else None

    def titled(self, title: str) -> str:
        """A heading for something of this network; empty where none is needed."""
        return title if self.alone else f"{self.network}: {title}" if title else self.network

    def named(self, name: str) -> str:
        """A name for something of this network: no other's has it."""
        if self.alone:
            return name
        word = "".join(c if c.isalnum() else "-" for c in self.network)
        return f"{word}-{name}"


def groups(result: SweepResult) -> list[Group]:
    """The networks of which there are answers, in the order of the sweep."""
    if not len(result.answers):
        return []
    codes, on_front = (rows.parameter("network") for rows in (result.answers, result.front))
    names = codes.values
    found = [code for code in range(len(names)) if (codes.codes == code).any()]
    return [
        Group(
            result,
            names[code],
            len(found) == 1,
            result.answers.where(codes.codes == code),
            result.front.where(on_front.codes == code),
        )
        for code in found
    ]


@dataclass(frozen=True)
class Spread:
    """A metric of the points that have a value of a parameter: its best, median and worst."""

    value: Any
    best: float
    median: float
    worst: float
    points: int


def spreads(rows: Rows, parameter: str, metric: str) -> Iterator[Spread]:
    """One for each value of a parameter that has points, in the order in which they came."""
    values, numbers = rows.parameter(parameter), rows.metric(metric)
    less = METRICS[metric].better == "less"
    for code, value in enumerate(values.values):
        found = numbers[(values.codes == code) & ~np.isnan(numbers)]
        if found.size:
            ends = (found.min(), found.max())
            best, worst = map(float, ends if less else ends[::-1])
            yield Spread(value, best, float(np.median(found)), worst, found.size)


def best_at(rows: Rows, parameter: str, metric: str) -> Iterator[tuple[Any, Row]]:
    """For each value of a parameter, rising, the point that is best by a metric."""
    values, numbers = rows.parameter(parameter), rows.metric(metric)
    for code, value in sorted(enumerate(values.values), key=lambda pair: rising(pair[1])):
        mine = np.flatnonzero((values.codes == code) & ~np.isnan(numbers))
        if mine.size:
            yield value, rows[int(mine[_best(numbers[mine], metric)])]


def rising(value: Any) -> float:
    """What values of a parameter are sorted by: words stay in the order in which they came."""
    return 0.0 if isinstance(value, str) or value is None else float(value)


def best(rows: Rows, metric: str) -> Row | None:
    """The point that is best by a metric; None where none has it."""
    numbers = rows.metric(metric)
    known = np.flatnonzero(~np.isnan(numbers))
    return rows[int(known[_best(numbers[known], metric)])] if known.size else None


def is_free(result: SweepResult, parameter: str) -> bool:
    """Whether it was chosen: a clock may follow from other parameters."""
    return parameter != "clock_mhz" or result.spec.clock == "given"


def _best(numbers: np.ndarray, metric: str) -> int:
    return int(numbers.argmin() if METRICS[metric].better == "less" else numbers.argmax())
