"""Synthesis of `stream`: the tables of its area model, and placements for its clock.

    python -m benchmarks.stream_synthesis [--clocks] [FAMILY ...]

What was synthesised once is kept in the cache. The page is written by `benchmarks.synthesis`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.synthesis_runs import placements, write_families
from sparsesim.area.runs import write_rows
from sparsesim.machines.part import Module
from sparsesim.machines.stream.area import around, entries, row
from sparsesim.machines.stream.area.clock import TABLE, PlacedRow
from sparsesim.machines.stream.area.entries import Entries
from sparsesim.machines.stream.area.parts import (
    around_of,
    array_module,
    placed,
    row_module,
    row_of,
)
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES

# (lanes, depth, stash, act_bits, weight_bits, acc_bits) of rows of many, positions streamed.
_ROWS = [
    *((lanes, 256, 16, 9, 8, 32) for lanes in (1, 2, 4, 6, 8, 12, 16, 32, 64, 128)),
    *((8, depth, 16, 9, 8, 32) for depth in (64, 1024)),
    *((lanes, 256, stash, 9, 8, 32) for lanes, stash in ((8, 2), (4, 64))),
    (16, 256, 16, 5, 4, 24),
    (8, 256, 16, 16, 16, 48),
    (8, 256, 16, 9, 8, 64),
]
# The same, two lanes to a multiplier.
_SHARED_ROWS = [
    *((lanes, 256, 16, 9, 8, 32) for lanes in (2, 4, 8, 12, 16, 32, 64, 5)),
    (8, 64, 4, 9, 8, 32),
    (16, 256, 16, 5, 4, 24),
    (8, 256, 16, 9, 8, 64),
    (8, 256, 16, 8, 9, 32),
]
# (streamed, rows, lanes, depth, stash, units, feed_latency).
_MORE_ROWS = [("activation", 1, 8, 256, 16, 1, 1), ("weight", 6, 16, 256, 16, 2, 1)]
_ARRAYS = [
    *(("activation", rows, 8, 256, 16, units, 1) for rows, units in ((4, 2), (16, 4), (16, 16))),
    *(("weight", rows, 8, 256, 16, units, 1) for rows, units in ((4, 2), (16, 4))),
    ("weight", 6, 16, 256, 16, 2, 1),
    ("activation", 8, 4, 64, 16, 8, 2),
    ("weight", 12, 4, 512, 4, 3, 3),
    ("activation", 24, 4, 256, 16, 2, 1),
    ("activation", 2, 32, 256, 16, 1, 2),
]
# (depth, entry_bits) of decoders.
_ENTRIES = [(16, 9), (256, 9), (4096, 9), (256, 8)]

# Rows by lanes; arrays as (streamed, rows, lanes, units, feed_latency).
_PLACED_ROWS = (8, 16)
_PLACED_ARRAYS = [
    ("activation", 12, 8, 4, 3),
    ("weight", 12, 8, 4, 3),
    ("activation", 6, 16, 2, 3),
]


def main(families: Sequence[str]) -> None:
    """Write the tables of these families; other families' rows stay."""
    for model, designs in ((row.MODEL, _rows), (around.MODEL, _arrays), (entries.MODEL, _decoders)):
        write_families(model, families, designs)


def _of(family: str, grid: Sequence[Any]) -> Sequence[Any]:
    """Half of a grid for UltraScale+: Yosys maps it as it does the 7 series."""
    return grid[::2] if family == "xcup" else grid


def _rows(family: str) -> Iterator[tuple[Any, Module]]:
    for lanes, depth, stash, *bits in _of(family, _ROWS):
        one = _accelerator("activation", 16, lanes, depth, stash, 4, 1, *bits)
        yield row_of(one, family), row_module(one)
    for lanes, depth, stash, *bits in _of(family, _SHARED_ROWS):
        one = _accelerator("activation", 16, lanes, depth, stash, 4, 1, *bits)
        one = one.with_(lanes_per_dsp=2)
        yield row_of(one, family), row_module(one)
    for keys in _of(family, _MORE_ROWS):
        one = _accelerator(*keys)
        yield row_of(one, family), row_module(one)


def _arrays(family: str) -> Iterator[tuple[Any, Module]]:
    for keys in _of(family, _ARRAYS):
        one = _accelerator(*keys)
        yield around_of(one, family), array_module(one)


def _decoders(family: str) -> Iterator[tuple[Any, Module]]:
    for depth, bits in _of(family, _ENTRIES):
        design = Entries(family, depth, bits)
        yield design, entries.module_of(design)


def _accelerator(
    streamed: str,
    rows: int,
    lanes: int,
    depth: int,
    stash: int,
    units: int,
    latency: int,
    *bits: int,
) -> Accelerator:
    act, weight, acc = bits or (9, 8, 32)
    array = {"rows": rows, "lanes": lanes, "depth": depth, "stash": stash, "units": units}
    return Accelerator(
        machine="stream",
        skipping=streamed,
        act_bits=act,
        weight_bits=weight,
        acc_bits=acc,
        feed_latency=latency,
        **array,
    )


def _place() -> None:
    """Place rows and arrays, and write their table."""
    rows: list[PlacedRow] = []
    for lanes in _PLACED_ROWS:
        rows += _placed("row", _accelerator("activation", 16, lanes, 256, 16, 4, 1))
        write_rows(rows, TABLE)
    for streamed, count, lanes, units, latency in _PLACED_ARRAYS:
        rows += _placed("array", _accelerator(streamed, count, lanes, 256, 16, units, latency))
        write_rows(rows, TABLE)


def _placed(word: str, one: Accelerator) -> list[PlacedRow]:
    what, array = placed(one)[word], one.array
    size = (array.rows, array.units, array.feed_latency) if word == "array" else (1, 1, 0)
    streamed = one.skipping if word == "array" else "either"
    key = (word, streamed, array.lanes, *size)
    return placements(what, (word, array), lambda *found: PlacedRow(*key, *found))


if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if word != "--clocks"]
    if "--clocks" in sys.argv[1:]:
        _place()
    else:
        main(asked or list(FAMILIES))
