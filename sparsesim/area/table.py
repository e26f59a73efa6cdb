"""The committed table of synthesis runs that the area model is fitted to."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("runs.csv")

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}

PARTS = ("pe", "array", "postprocess", "decoder", "packed_sums")
"""What an accelerator is made of: `array` without its PEs; `decoder` is one line's. And what two
PEs with a packed multiplier add."""


@dataclass(frozen=True)
class Design:
    """What was synthesised: parameters of a part; 0 and "" where a part doesn't have one.

    Attributes:
        part: one of `PARTS`.
        family: one of `sparsesim.synth.families.FAMILIES`.
        skipping: the scheme.
        window, lanes, queue_depth, feed_latency, acc_bits, rows, cols: as of an accelerator.
        act_bits, weight_bits: the same; of a decoder `act_bits` is the width of its operands.
    """

    part: str
    family: str
    skipping: str = ""
    window: int = 0
    lanes: int = 0
    queue_depth: int = 0
    feed_latency: int = 0
    act_bits: int = 0
    weight_bits: int = 0
    acc_bits: int = 0
    rows: int = 0
    cols: int = 0

    @property
    def is_dot(self) -> bool:
        """A dense PE whose lanes take a whole window at once: it selects nothing."""
        return self.part == "pe" and self.skipping == "none" and self.lanes >= self.window > 1


@dataclass(frozen=True)
class Run:
    """A row of the table: a design and what it takes.

    Attributes:
        design: what was synthesised.
        lut, lut_ram, ff, dsp, bram36: as of `sparsesim.synth.cells.Counts`.
    """

    design: Design
    lut: int
    lut_ram: int
    ff: int
    dsp: int
    bram36: float


@cache
def read_table(path: Path = TABLE) -> tuple[Run, ...]:
    """All runs, in the order of the file."""
    with open(path, encoding="utf-8", newline="") as file:
        return tuple(_run(row) for row in csv.DictReader(file))


def write_table(runs: Iterable[Run], path: Path = TABLE) -> None:
    """Write the runs as the table."""
    names = [f.name for f in fields(Design)] + [f.name for f in fields(Run)][1:]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for run in runs:
            values = asdict(run)
            writer.writerow(values.pop("design") | values)


def _run(row: dict[str, str]) -> Run:
    design = {f.name: _TYPES[str(f.type)](row[f.name]) for f in fields(Design)}
    counts = {f.name: _TYPES[str(f.type)](row[f.name]) for f in fields(Run)[1:]}
    return Run(Design(**design), **counts)
