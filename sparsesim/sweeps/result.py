"""A sweep's points for those who read them: reports, tables, a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import SpecError, TraceError
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.front import front
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Workload
from sparsesim.sweeps.spec import IMAGES, PLACES, SweepSpec
from sparsesim.sweeps.store import POINTS, Row, Store
from sparsesim.sweeps.table import LACKING, Rows, Table


@dataclass(frozen=True, eq=False)
class SweepResult:
    """The points of a sweep.

    Attributes:
        spec: of the sweep.
        table: its points, in order.
        missing: points that are not measured yet.
        combinations: of its axes; `cut` has what conditions and devices left out of them, by what
            left them out.
        workloads: facts of what was executed, see `facts_of`; those of this sweep's points.
        versions: `sparsesim`, and `code`: of its source, hex.
    """

    spec: SweepSpec
    table: Table
    missing: int
    combinations: int
    cut: Mapping[str, int]
    workloads: Mapping[Workload, Mapping[str, Any]]
    versions: Mapping[str, str]

    @cached_property
    def rows(self) -> Rows:
        """All points in order, failed ones among them."""
        return Rows(self.table, np.arange(len(self.table.keys)))

    @cached_property
    def measured(self) -> Rows:
        """Points that did not fail."""
        fails = np.isin(self.rows.places, list(self.table.errors))
        return self.rows.where(~fails)

    @cached_property
    def failed(self) -> Rows:
        """Points that failed."""
        return Rows(self.table, np.array(sorted(self.table.errors), dtype=np.int64))

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Parameters that have more than one value, those of the workload first."""
        known = self.table.parameters
        names = dict.fromkeys([*(name for name in PLACES if name in known), *known])
        return tuple(name for name in names if len(known[name].values) > 1)

    @cached_property
    def answers(self) -> Rows:
        """Measured points that keep the constraints."""
        if not self.spec.constraints or not len(self.measured):
            return self.measured
        names = (*PLACES, *self.table.parameters, *METRICS)
        constraints = [Expression.read(text, names) for text in self.spec.constraints]
        holds = [
            all(one.holds(row.parameters | row.metrics) for one in constraints)
            for row in self.measured
        ]
        return self.measured.where(np.array(holds, dtype=bool))

    @cached_property
    def front(self) -> Rows:
        """Answers that no other one on the same images beats in one objective and equals in all.

        Those of the same images follow each other, the best in the first objective first.
        """
        objectives = self.spec.objectives
        values = np.stack([self.answers.metric(name) for name in objectives], axis=1)
        better = [METRICS[name].better for name in objectives]
        sign = 1 if better[0] == "less" else -1
        found = []
        for indices in self._same_images():
            best = indices[front(values[indices], better)]
            found.append(best[np.argsort(sign * values[best, 0], kind="stable")])
        return self.answers.order(np.concatenate(found) if found else np.zeros(0, np.int64))

    def _same_images(self) -> list[NDArray[np.int64]]:
        """Places of answers in groups of the same network on the same images."""
        if not len(self.answers):
            return []
        codes = np.stack([self.answers.parameter(name).codes for name in IMAGES])
        _, group = np.unique(codes, axis=1, return_inverse=True)
        group = group.reshape(-1)
        return [np.flatnonzero(group == one) for one in range(group.max() + 1)]

    def row(self, key: str) -> Row:
        """The measured point whose key starts so.

        Raises:
            SpecError: there is none, or several.
        """
        found = [place for place, one in enumerate(self.table.keys) if one.startswith(key)]
        if len(found) != 1:
            raise SpecError(
                f"point '{key}': {len(found)} of the sweep's {len(self.table.keys)} keys start so; "
                "reports name them"
            )
        row = self.table.row(found[0])
        if row.error:
            raise SpecError(f"point '{key}' failed: {row.error}")
        return row

    def frame(self) -> Any:
        """All points as a Polars data frame: parameters, metrics, `on_front`, `error`, `seconds`.

        Raises:
            SpecError: Polars is not installed.
        """
        try:
            import polars
        except ModuleNotFoundError:
            raise SpecError("data frames need Polars; pip install 'sparsesim[sweep]'") from None

        return polars.DataFrame(self.columns(), nan_to_null=True)

    def columns(self) -> dict[str, Any]:
        """All points as columns of one length: lists of parameters, arrays of metrics and so on."""
        table, points = self.table, len(self.rows)
        on_front = np.zeros(points, dtype=bool)
        on_front[self.front.places] = True
        return {
            **{
                name: [None if code == LACKING else one.values[code] for code in one.codes]
                for name, one in table.parameters.items()
            },
            **{name: self.rows.metric(name) for name in METRICS},
            "on_front": on_front,
            "error": [table.errors.get(place, "") for place in range(points)],
            "seconds": table.seconds,
        }

    @cached_property
    def front_keys(self) -> frozenset[str]:
        """Keys of the front's points."""
        return frozenset(self.front.keys())


def load_sweep_result(folder: str | Path) -> SweepResult:
    """The points that a sweep left in a folder.

    Raises:
        TraceError: there is no sweep, or it is damaged.
    """
    path = Path(folder) / POINTS
    if not path.is_file():
        raise TraceError(f"{folder}: holds no sweep; make one by 'sweep SPEC.toml -o {folder}'")
    with closing(Store(path)) as store:
        return result_of(store)


def result_of(store: Store) -> SweepResult:
    """The points of the last sweep in a file.

    Raises:
        TraceError: none ever began.
    """
    about = store.sweep()
    if not about:
        raise TraceError(f"{store.path.parent}: its sweep never began; run it again")
    table, known = Table.of(store.rows()), store.workloads()
    return SweepResult(
        SweepSpec.stored(about["spec"]),
        table,
        max(0, about["points"] - len(table.keys)),
        about["combinations"],
        about["cut"],
        {one: known[one] for one in _workloads(table) if one in known},
        {name: about[name] for name in ("sparsesim", "code")},
    )


def _workloads(table: Table) -> Iterator[Workload]:
    """Those of a table's points, in order."""
    columns = [table.parameters[one.name] for one in fields(Workload) if table.keys]
    for codes in dict.fromkeys(zip(*(column.codes.tolist() for column in columns), strict=True)):
        yield Workload(*(c.values[code] for c, code in zip(columns, codes, strict=True)))


@contextmanager
def open_details(folder: str | Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Gives a function from a point's key to its details."""
    with closing(Store(Path(folder) / POINTS)) as store:
        yield store.details
