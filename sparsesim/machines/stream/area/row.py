"""A row's area: its control, its store and stash, its multipliers and the multiplexer behind them.

DSPs are exact: a multiplier a lane, or for two that share one. So is block RAM, by the shapes that
Yosys takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits, mux_luts
from sparsesim.machines.stream.area.memories import block_bram36, fitted_with
from sparsesim.machines.stream.parameters import SHARED_FACTOR_BITS

_DSP_SUM_BITS = 48


@dataclass(frozen=True)
class Row:
    """A row by itself.

    Attributes:
        family: of FPGAs.
        lanes, depth, stash: as of an array.
        round_bits: of the number of a round of vectors.
        entry_bits: of the value of an entry.
        held_bits: of the value that a lane holds.
        acc_bits: as of an accelerator.
        lanes_per_dsp: as of an array.
    """

    family: str
    lanes: int
    depth: int
    stash: int
    round_bits: int
    entry_bits: int
    held_bits: int
    acc_bits: int
    lanes_per_dsp: int


def dsp(design: Row) -> int:
    """Multiplier blocks; exact. Two held values side by side take two where the block is narrow."""
    if design.lanes_per_dsp == 1:
        return design.lanes
    pairs, alone = divmod(design.lanes, 2)
    factor_bits = 2 * design.held_bits + design.entry_bits + 1
    return pairs * (1 if factor_bits <= SHARED_FACTOR_BITS[design.family] else 2) + alone


def bram36(design: Row) -> float:
    """Blocks of the store, of both halves, and of the stash; exact."""
    store = block_bram36(design.family, design.lanes * design.held_bits, 2 * design.depth)
    places = 1 << max(1, index_bits(design.stash)) + max(1, index_bits(design.lanes))
    return store + block_bram36(design.family, design.acc_bits, places)


def choice_luts(family: str, sources: int, bits: int) -> int:
    """LUTs of a multiplexer in registered levels of 16, as stream_result_mux.v has it."""
    luts = 0
    while sources > 1:
        whole, rest = divmod(sources, 16)
        luts += bits * (whole * mux_luts(family, 16) + mux_luts(family, max(1, rest)))
        sources = whole + (rest > 0)
    return luts


def choice_ffs(sources: int, bits: int) -> int:
    """Its registers: one a level and multiplexer."""
    ffs = 0
    while True:
        sources = -(-sources // 16)
        ffs += bits * sources
        if sources == 1:
            return ffs


def _features(design: Row) -> Features:
    lanes, acc = design.lanes, design.acc_bits
    return {
        "one": 1,
        "round bits": design.round_bits,
        "place bits": index_bits(design.stash),
        "lane bits": index_bits(lanes),
        "index bits": index_bits(design.depth),
        "entry bits": design.entry_bits,
        "sum bits": acc,
        "lanes": lanes,
        "result multiplexer": choice_luts(design.family, lanes, acc),
        "multiplexer registers": choice_ffs(lanes, acc),
        "lanes' sums": lanes * acc,
        "lanes' products": lanes * (design.entry_bits + design.held_bits),
        "sums beyond the DSP": lanes * acc * (acc > _DSP_SUM_BITS) * (design.lanes_per_dsp == 1),
        "sums in LUTs": lanes * acc * (design.lanes_per_dsp > 1),
        "pairs": lanes // 2 * (design.held_bits + 1) * (design.lanes_per_dsp > 1),
    }


MODEL = PartModel(
    "stream's row",
    Row,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: fitted_with(design.family),
    dsp=dsp,
    bram36=bram36,
)
