"""The area of an array without its PEs: what skews operands, memories and multiplexers of results,
the sequencer, drains.

Block RAM is exact: a column has two memories of sums, where they are deep enough to lie in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sparsesim.area.buffers import memory_bram36
from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.resources import Resources
from sparsesim.area.selection import index_bits, mux_luts
from sparsesim.area.storage import memory_luts


@dataclass(frozen=True)
class Surround:
    """All of an array but its PEs.

    Attributes:
        family: of FPGAs.
        dataflow, rows, cols, units, depth: as of an array.
        block: activations that a row takes together.
        act_bits, weight_bits, acc_bits: as of an accelerator.
    """

    family: str
    dataflow: str
    rows: int
    cols: int
    units: int
    depth: int
    block: int
    act_bits: int
    weight_bits: int
    acc_bits: int

    @property
    def keeps_weights(self) -> bool:
        """Whether weights stay in PEs."""
        return self.dataflow == "weight_stationary"


_IN_LUTS = {"xc7": (64, 0), "xcup": (64, 4095), "ecp5": (16, 1023)}
"""A memory of sums lies in LUTs up to so many words, or so many bits, as Yosys decides."""
_SHIFT_CYCLES = {"xc7": 32, "xcup": 32}
"""Cycles that a LUT delays a bit by; on other parts flip-flops do."""


def bram36(design: Surround) -> float:
    """Blocks of 36 Kb of the columns' memories."""
    if not design.keeps_weights or _is_in_luts(design):
        return 0.0
    return 2 * design.cols * memory_bram36(design.acc_bits, design.depth)


def stored_luts(design: Surround) -> int:
    """LUTs of memories that are too small for block RAM."""
    if not design.keeps_weights or not _is_in_luts(design):
        return 0
    return 2 * design.cols * memory_luts(design.family, design.acc_bits, design.depth)


def _is_in_luts(design: Surround) -> bool:
    words, bits = _IN_LUTS[design.family]
    return design.depth <= words or design.depth * design.acc_bits <= bits


def _delay_luts(family: str, lines: int, bits: int) -> int:
    """LUTs in which lines, each a cycle behind the one before, are delayed."""
    if family not in _SHIFT_CYCLES:
        return 0
    return bits * sum(-(-cycles // _SHIFT_CYCLES[family]) for cycles in range(1, lines))


def _delay_ffs(lines: int, bits: int) -> int:
    """The same in flip-flops."""
    return bits * (lines * (lines - 1) // 2)


def _features(design: Surround) -> Features:
    rows, cols, units, family = design.rows, design.cols, design.units, design.family
    turns = -(-cols // units)
    skewed = (
        (rows, design.block * design.act_bits),
        (cols, design.weight_bits + index_bits(design.block)),
    )
    found = {
        "one": 1,
        "counter bits": index_bits(rows) + index_bits(cols),
        "rows": rows,
        "columns": cols,
        "units": units,
        "delays in LUTs": sum(_delay_luts(family, *line) for line in skewed),
        "delays": sum(_delay_ffs(*line) for line in skewed),
        "multiplexers of units": units * design.acc_bits * mux_luts(family, turns),
        "unit bits": units * design.acc_bits,
        "column bits": cols * design.acc_bits,
    }
    if design.keeps_weights:
        return found | {"commands": (rows + cols) * (index_bits(design.depth) + 3)}
    return found | {
        "flags": rows * cols,
        "multiplexers of columns": cols * design.acc_bits * mux_luts(family, rows),
        "multiplexed bits": cols * design.acc_bits * (rows - 1) / 3,
    }


MODEL = PartModel(
    "systolic's array",
    Surround,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: (design.family, design.dataflow),
    stored_luts=stored_luts,
    dsp=lambda design: 0,
    near=lambda design: design.acc_bits,
)


def resources(design: Surround) -> Resources:
    """What one takes."""
    return replace(MODEL.resources(design), bram36=bram36(design))
