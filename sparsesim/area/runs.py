"""Committed tables as CSV files: of synthesis runs, which an area model is fitted to, and others.

A row's types are those of a dataclass: its fields are `str`, `int` or `float`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

D = TypeVar("D")
T = TypeVar("T")

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True)
class Run(Generic[D]):
    """What a design takes, as synthesised.

    Attributes:
        design: parameters of the part, its family among them.
        lut, lut_ram, ff, dsp, bram36: as of `sparsesim.synth.cells.Counts`.
    """

    design: D
    lut: int
    lut_ram: int
    ff: int
    dsp: int
    bram36: float


_COUNTS = fields(Run)[1:]


def read_runs(path: Path, design: type[D]) -> tuple[Run[D], ...]:
    """All runs of a table, in the order of the file.

    Args:
        path: of the table.
        design: a dataclass whose fields are columns.
    """
    return tuple(
        Run(_typed(row, design), **{f.name: _value(f, row) for f in _COUNTS}) for row in _rows(path)
    )


def write_runs(runs: Iterable[Run[Any]], path: Path) -> None:
    """Write one or more runs as a table."""
    records = [asdict(run) for run in runs]
    _write([record.pop("design") | record for record in records], path)


def read_rows(path: Path, kind: type[T]) -> tuple[T, ...]:
    """All rows of a table as instances of a dataclass, in the order of the file."""
    return tuple(_typed(row, kind) for row in _rows(path))


def write_rows(rows: Iterable[Any], path: Path) -> None:
    """Write one or more instances of a dataclass as a table."""
    _write([asdict(row) for row in rows], path)


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(records: list[dict[str, Any]], path: Path) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _typed(row: Mapping[str, str], kind: type[T]) -> T:
    return kind(**{f.name: _value(f, row) for f in fields(kind)})  # type: ignore[arg-type]


def _value(field: Any, row: Mapping[str, str]) -> Any:
    return _TYPES[field.type](row[field.name])
