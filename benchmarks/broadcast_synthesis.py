"""Synthesis of `broadcast`: the tables of its area model, and placements for its clock.

    python -m benchmarks.broadcast_synthesis [--clocks] [FAMILY ...]

What was synthesised once is kept in the cache.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.synthesis_runs import placements, write_families
from sparsesim.area.runs import write_rows
from sparsesim.machines.broadcast.area import around, pe
from sparsesim.machines.broadcast.area.clock import TABLE, PlacedRow
from sparsesim.machines.broadcast.area.parts import (
    around_module,
    around_of,
    pe_module,
    pe_of,
    placed,
)
from sparsesim.machines.part import Module
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES

# (queue_depth, entry_run_bits, pe_sums, act_bits, weight_bits, acc_bits, weight_buffer_kib).
_PES = [
    *((8, 4, sums, 9, 8, 32, 256) for sums in (1, 8, 16, 32, 64, 128, 256)),
    *((depth, 4, 32, 9, 8, 32, 256) for depth in (2, 4, 16, 64)),
    *((8, run, 32, 9, 8, 32, 256) for run in (1, 8)),
    *((8, 4, 32, act, weight, 32, 256) for act, weight in ((5, 4), (16, 16), (16, 8))),
    *((8, 4, 32, 9, 8, acc, 256) for acc in (16, 24, 48, 64)),
    *((8, 4, 32, 9, 8, 32, kib) for kib in (32, 4096)),
    (4, 2, 8, 5, 4, 24, 64),
    (8, 4, 64, 16, 8, 32, 16384),
]
# (pes, pe_sums, units, act_bits, acc_bits).
_ARRAYS = [
    *((pes, 32, 1, 9, 32) for pes in (2, 4, 8, 16, 32)),
    *((16, 32, units, 9, 32) for units in (2, 4, 16)),
    (8, 8, 3, 5, 24),
    (16, 64, 2, 16, 32),
    (12, 16, 2, 9, 48),
]

# PEs by sums and bits of a sum; arrays by PEs and units.
_PLACED_PES = [(8, 32), (32, 32), (64, 32), (128, 32), (32, 24), (32, 48)]
_PLACED_ARRAYS = [(16, 2)]


def main(families: Sequence[str]) -> None:
    """Write the tables of these families; other families' rows stay."""
    for model, designs in ((pe.MODEL, _pes), (around.MODEL, _arrays)):
        write_families(model, families, designs)


def _pes(family: str) -> Iterator[tuple[Any, Module]]:
    for depth, run, sums, act, weight, acc, kib in _PES:
        array = {"queue_depth": depth, "entry_run_bits": run, "pe_sums": sums}
        bits = {"act_bits": act, "weight_bits": weight, "acc_bits": acc}
        one = Accelerator(machine="broadcast", weight_buffer_kib=float(kib), **array, **bits)
        yield pe_of(one, family), pe_module(one)


def _arrays(family: str) -> Iterator[tuple[Any, Module]]:
    for pes, sums, units, act, acc in _ARRAYS:
        array = {"pes": pes, "pe_sums": sums, "units": units}
        one = Accelerator(machine="broadcast", act_bits=act, acc_bits=acc, **array)
        yield around_of(one, family), around_module(one)


def _place() -> None:
    """Place PEs and arrays, and write their table."""
    rows: list[PlacedRow] = []
    for sums, acc in _PLACED_PES:
        rows += _placed("pe", Accelerator(machine="broadcast", pe_sums=sums, acc_bits=acc))
        write_rows(rows, TABLE)
    for pes, units in _PLACED_ARRAYS:
        rows += _placed("array", Accelerator(machine="broadcast", pes=pes, units=units))
        write_rows(rows, TABLE)


def _placed(word: str, one: Accelerator) -> list[PlacedRow]:
    what, array = placed(one)[word], one.array
    size = (array.pes, array.units) if word == "array" else (0, 0)
    key = (word, array.queue_depth, array.pe_sums, one.acc_bits, *size)
    return placements(what, (word, array), lambda *found: PlacedRow(*key, *found))


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--clocks"]
    main(given or list(FAMILIES))
    if "--clocks" in sys.argv[1:]:
        _place()
