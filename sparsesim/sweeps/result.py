"""A sweep's points for those who read them: reports, tables, a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.errors import SpecError, TraceError
from sparsesim.spec import Accelerator
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.front import front
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.space import Space
from sparsesim.sweeps.spec import PLACES, SweepSpec
from sparsesim.sweeps.store import POINTS, Row, Store


@dataclass(frozen=True, eq=False)
class SweepResult:
    """The points of a sweep.

    Attributes:
        spec: of the sweep.
        rows: its points in order, failed ones among them.
        missing: points that are not measured yet.
        combinations: of its axes; `cut` has what conditions and devices left out of them, by what
            left them out.
        versions: `sparsesim`, and `code`: of its source, hex.
    """

    spec: SweepSpec
    rows: tuple[Row, ...]
    missing: int
    combinations: int
    cut: Mapping[str, int]
    versions: Mapping[str, str]

    @cached_property
    def measured(self) -> tuple[Row, ...]:
        """Points that did not fail."""
        return tuple(row for row in self.rows if not row.error)

    @cached_property
    def failed(self) -> tuple[Row, ...]:
        """Points that failed."""
        return tuple(row for row in self.rows if row.error)

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Parameters that have more than one value, those of the workload first."""
        names = [*PLACES, *(key for key in Accelerator.model_fields if key != "name")]
        return tuple(
            name for name in names if len({str(row.parameters[name]) for row in self.rows}) > 1
        )

    @cached_property
    def answers(self) -> tuple[Row, ...]:
        """Measured points that keep the constraints."""
        constraints = [Expression.read(text, Space.names) for text in self.spec.constraints]
        return tuple(
            row
            for row in self.measured
            if all(one.holds(row.parameters | row.metrics) for one in constraints)
        )

    @cached_property
    def front(self) -> tuple[Row, ...]:
        """Answers that no other one beats in one objective and equals in all; by the first one."""
        objectives = self.spec.objectives
        values = np.array(
            [[_number(row.metrics[name]) for name in objectives] for row in self.answers]
        ).reshape(-1, len(objectives))
        best = front(values, [METRICS[name].better for name in objectives])
        sign = 1 if METRICS[objectives[0]].better == "less" else -1
        return tuple(
            self.answers[i] for i in best[np.argsort(sign * values[best, 0], kind="stable")]
        )

    def frame(self) -> Any:
        """All points as a Polars data frame: parameters, metrics, `on_front`, `error`, `seconds`.

        Raises:
            SpecError: Polars is not installed.
        """
        try:
            import polars
        except ModuleNotFoundError:
            raise SpecError("data frames need Polars; pip install 'sparsesim[sweep]'") from None

        return polars.DataFrame([self.record(row) for row in self.rows], infer_schema_length=None)

    def record(self, row: Row) -> dict[str, Any]:
        """A point as one line of a table."""
        return {
            **row.parameters,
            **{name: row.metrics.get(name) for name in METRICS},
            "on_front": row.key in self.front_keys,
            "error": row.error,
            "seconds": row.seconds,
        }

    @cached_property
    def front_keys(self) -> frozenset[str]:
        """Keys of the front's points."""
        return frozenset(row.key for row in self.front)


def load_sweep_result(folder: str | Path) -> SweepResult:
    """The points that a sweep left in a folder.

    Raises:
        TraceError: there is no sweep, or it is damaged.
    """
    path = Path(folder) / POINTS
    if not path.is_file():
        raise TraceError(f"{folder}: holds no sweep; make one by 'sweep SPEC.toml -o {folder}'")
    with closing(Store(path)) as store:
        about = store.sweep()
        if not about:
            raise TraceError(f"{folder}: its sweep never began; run it again")
        return SweepResult(
            SweepSpec(**about["spec"]),
            tuple(store.rows()),
            store.missing(),
            about["combinations"],
            about["cut"],
            {name: about[name] for name in ("sparsesim", "code")},
        )


@contextmanager
def open_layers(folder: str | Path) -> Iterator[Callable[[str], tuple[dict[str, Any], ...]]]:
    """Gives a function from a point's key to the records of its layers."""
    with closing(Store(Path(folder) / POINTS)) as store:
        yield store.layers


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
