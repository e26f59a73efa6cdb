"""Runs of synthesis and of placement as rows of the package's tables: what every machine's grid
of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sparsesim.area.part_model import PartModel
from sparsesim.area.runs import Run, write_runs
from sparsesim.machines.part import Module, Placed
from sparsesim.synth.accelerator import counts_of, synthesise_module
from sparsesim.synth.cells import Counts
from sparsesim.synth.families import FAMILIES
from sparsesim.synth.place import SEEDS, place

Row = TypeVar("Row")


def counted(design: Any, module: Module) -> Run:
    """What synthesis finds of a design, for its family."""
    return run_of(design, counts_of(module, synthesise_module(module, design.family)))


def run_of(design: Any, counts: Counts) -> Run:
    """A row of a table; it is printed."""
    print(design, counts.lut, flush=True)
    return Run(design, counts.lut, counts.lut_ram, counts.ff, counts.dsp, counts.bram36)


def write_families(
    model: PartModel,
    families: Sequence[str],
    designs: Callable[[str], Iterable[tuple[Any, Module]]],
) -> None:
    """Count designs and write the model's table; rows of other families stay."""
    others = []
    if model.table.exists():
        others = [run for run in model.runs if run.design.family not in families]
    known = [counted(*one) for family in families for one in designs(family)]
    order = list(FAMILIES)
    write_runs(
        sorted([*others, *known], key=lambda run: order.index(run.design.family)), model.table
    )
    print(f"{len(known)} runs of {model.name}", flush=True)


def placements(what: Placed, said: object, row: Callable[[int, float, int], Row]) -> list[Row]:
    """Placements of a part for ECP5, one a seed.

    Args:
        what: is placed. said: printed before its clock.
        row: makes one of a seed, MHz to a hundredth, and LUT4 sites.
    """
    clock = place(synthesise_module(what.module, "ecp5"), SEEDS, multipliers=what.multipliers)
    print(said, clock.median_mhz, flush=True)
    return [row(one.seed, round(one.clock_mhz, 2), one.luts) for one in clock.placements]
