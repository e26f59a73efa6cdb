"""Points by column: what a report reads of a hundred thousand fits into little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sparsesim.sweeps.store import Row

LACKING = -1


@dataclass(frozen=True, eq=False)
class Parameter:
    """The values of a parameter.

    Attributes:
        values: different ones, in the order in which they came.
        codes: int32, shape (points,): which of them a point has; `LACKING`: its machine has no
            such key.
    """

    values: tuple[Any, ...]
    codes: NDArray[np.int32]

    @property
    def is_varied(self) -> bool:
        """Whether the points have more than one of them."""
        return bool((self.codes != self.codes[:1]).any())


@dataclass(frozen=True, eq=False)
class Table:
    """Points.

    Attributes:
        keys, hashes: as in `Row`.
        parameters: by name.
        metrics: by name; float64, shape (points,), NaN where a point has none.
        errors: place of a point -> its error.
        seconds: float64, shape (points,).
    """

    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    parameters: dict[str, Parameter]
    metrics: dict[str, NDArray[np.float64]]
    errors: dict[int, str]
    seconds: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Table:
        """The points of these rows, which are gone through once."""
        keys: list[str] = []
        hashes: list[str] = []
        seconds: list[float] = []
        errors: dict[int, str] = {}
        parameters: dict[str, _Coded] = {}
        metrics: dict[str, _Numbers] = {}
        same: dict[str, str] = {}
        for place, row in enumerate(rows):
            keys.append(row.key)
            hashes.append(same.setdefault(row.hash, row.hash))
            seconds.append(row.seconds)
            if row.error:
                errors[place] = row.error
            for name, value in row.parameters.items():
                parameters.setdefault(name, _Coded()).put(place, value)
            for name, value in row.metrics.items():
                metrics.setdefault(name, _Numbers()).put(place, value)
        return cls(
            tuple(keys),
            tuple(hashes),
            {name: coded.done(len(keys)) for name, coded in parameters.items()},
            {name: numbers.done(len(keys)) for name, numbers in metrics.items()},
            errors,
            np.array(seconds),
        )

    def row(self, place: int) -> Row:
        """A point by its place."""
        error = self.errors.get(place, "")
        metrics = {
            name: None if np.isnan(column[place]) else float(column[place])
            for name, column in self.metrics.items()
        }
        return Row(
            self.keys[place],
            self.hashes[place],
            {
                name: one.values[one.codes[place]]
                for name, one in self.parameters.items()
                if one.codes[place] != LACKING
            },
            {} if error else metrics,
            error,
            float(self.seconds[place]),
        )


class Rows(Sequence[Row]):
    """Some points of a table, in an order; each is made when it is looked at.

    Args:
        table: has them.
        places: int64, in it.
    """

    def __init__(self, table: Table, places: NDArray[np.int64]) -> None:
        self.table, self.places = table, places

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Row]:
        return (self.table.row(int(place)) for place in self.places)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        if isinstance(index, slice):
            return Rows(self.table, self.places[index])
        return self.table.row(int(self.places[index]))

    def metric(self, name: str) -> NDArray[np.float64]:
        """A metric of each, NaN where a point has none; float64, shape (points,)."""
        column = self.table.metrics.get(name)
        return np.full(len(self), np.nan) if column is None else column[self.places]

    def parameter(self, name: str) -> Parameter:
        """A parameter of each."""
        whole = self.table.parameters[name]
        return Parameter(whole.values, whole.codes[self.places])

    def keys(self) -> list[str]:
        """The key of each."""
        return [self.table.keys[place] for place in self.places]

    def where(self, holds: NDArray[np.bool_]) -> Rows:
        """Those for which it holds; bool, shape (points,)."""
        return Rows(self.table, self.places[holds])

    def order(self, indices: NDArray[np.int64]) -> Rows:
        """Those of these indices, in their order."""
        return Rows(self.table, self.places[indices])


class _Coded:
    """A parameter under way."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._codes: list[int] = []
        self._known: dict[tuple[type, Any], int] = {}  # 1, 1.0 and True are three values

    def put(self, place: int, value: Any) -> None:
        self._places.append(place)
        self._codes.append(self._known.setdefault((type(value), value), len(self._known)))

    def done(self, points: int) -> Parameter:
        codes = np.full(points, LACKING, np.int32)
        codes[self._places] = self._codes
        return Parameter(tuple(v for _, v in self._known), codes)


class _Numbers:
    """A metric under way."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._numbers: list[float] = []

    def put(self, place: int, value: float | None) -> None:
        if value is not None:
            self._places.append(place)
            self._numbers.append(value)

    def done(self, points: int) -> NDArray[np.float64]:
        column = np.full(points, np.nan)
        column[self._places] = self._numbers
        return column
