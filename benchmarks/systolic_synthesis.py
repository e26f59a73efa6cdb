"""Synthesis of a grid of systolic arrays: the tables of their area model.

    python -m benchmarks.systolic_synthesis             # counts
    python -m benchmarks.systolic_synthesis --clocks    # placements for ECP5 too (hours)

What was synthesised once is kept in the cache. The tables are part of the package, beside the
models: sparsesim/machines/systolic/area.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.synthesis_runs import placements, run_of
from sparsesim.area.runs import Run, write_rows, write_runs
from sparsesim.machines.part import Module
from sparsesim.machines.systolic.area import array, pe
from sparsesim.machines.systolic.area.clock import TABLE, PlacedRow
from sparsesim.machines.systolic.area.parts import array_module, pe_of, placed, surround_of
from sparsesim.spec import Accelerator
from sparsesim.synth.accelerator import counts_of, synthesise_module
from sparsesim.synth.families import FAMILIES

_PROCESSES = 4

# (rows, columns, units, depth, n:m, activation bits, weight bits, sum bits).
_WEIGHTS_STAY = [
    (2, 2, 1, 128, "none", 9, 8, 32),
    (4, 4, 2, 128, "none", 9, 8, 32),
    (8, 8, 2, 128, "none", 9, 8, 32),
    (6, 6, 6, 512, "none", 9, 8, 32),
    (2, 16, 4, 128, "none", 9, 8, 32),
    (16, 2, 1, 64, "none", 9, 8, 32),
    (4, 4, 1, 16, "none", 9, 8, 32),
    (4, 6, 3, 32, "none", 8, 8, 24),
    (6, 4, 4, 1024, "none", 16, 16, 48),
    (4, 8, 2, 128, "1:2", 9, 8, 32),
    (8, 4, 2, 128, "2:4", 9, 8, 32),
    (4, 4, 2, 128, "2:8", 5, 4, 24),
]
# (rows, columns, units, activation bits, weight bits, sum bits).
_SUMS_STAY = [
    (2, 2, 1, 9, 8, 32),
    (4, 4, 2, 9, 8, 32),
    (8, 8, 2, 9, 8, 32),
    (6, 6, 6, 9, 8, 32),
    (2, 16, 4, 9, 8, 32),
    (16, 2, 1, 9, 8, 32),
    (20, 1, 1, 9, 8, 32),
    (4, 6, 3, 8, 8, 24),
    (6, 4, 4, 16, 16, 48),
    (1, 12, 3, 5, 4, 24),
]
# Placed for ECP5: (part, dataflow, n:m, rows, columns, units); a PE is one of 16 rows.
_PLACED = [
    ("pe", "output_stationary", "none", 16, 4, 1),
    *(("pe", "weight_stationary", n_of_m, 16, 4, 1) for n_of_m in ("none", "1:2", "2:4", "4:8")),
    ("array", "weight_stationary", "none", 8, 8, 2),
    ("array", "output_stationary", "none", 8, 8, 2),
]


def main() -> None:
    """Write the tables."""
    with ThreadPoolExecutor(_PROCESSES) as pool:
        found = list(pool.map(_counted, *zip(*_designs(), strict=True)))
        surrounds, pes = zip(*found, strict=True)
        write_runs(surrounds, array.MODEL.table)
        write_runs({run.design: run for run in pes}.values(), pe.MODEL.table)
        if "--clocks" in sys.argv[1:]:
            rows = [row for rows in pool.map(_placed, *zip(*_PLACED, strict=True)) for row in rows]
            write_rows(rows, TABLE)


def _designs() -> Iterator[tuple[str, Accelerator]]:
    for family in FAMILIES:
        for rows, cols, units, depth, n_of_m, *bits in _WEIGHTS_STAY:
            keys = {"rows": rows, "cols": cols, "units": units, "depth": depth, "n_of_m": n_of_m}
            yield family, _accelerator(keys, *bits)
        for rows, cols, units, *bits in _SUMS_STAY:
            keys = {"rows": rows, "cols": cols, "units": units, "dataflow": "output_stationary"}
            yield family, _accelerator(keys, *bits)


def _accelerator(keys: dict[str, object], act: int, weight: int, acc: int) -> Accelerator:
    bits = {"act_bits": act, "weight_bits": weight, "acc_bits": acc}
    return Accelerator(machine="systolic", **keys, **bits)


def _counted(family: str, one: Accelerator) -> tuple[Run, Run]:
    around = array_module(one)
    synthesis = synthesise_module(around, family)
    inside = Module(around.top, around.parameters, inside=around.without[0])
    return (
        run_of(surround_of(one, family), counts_of(around, synthesis)),
        run_of(pe_of(one, family), counts_of(inside, synthesis)),
    )


def _placed(
    part: str, dataflow: str, n_of_m: str, rows: int, cols: int, units: int
) -> list[PlacedRow]:
    keys = {"rows": rows, "cols": cols, "units": units, "dataflow": dataflow, "n_of_m": n_of_m}
    one = _accelerator(keys, 9, 8, 32)
    what = placed(one)[part]
    size = (rows, cols, units) if part == "array" else (0, 0, 0)
    key = (part, dataflow, n_of_m, *size)
    return placements(what, keys, lambda *found: PlacedRow(*key, *found))


if __name__ == "__main__":
    main()
