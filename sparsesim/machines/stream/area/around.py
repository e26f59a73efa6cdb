"""What is around rows: the loader, the units' choice among rows, the count of cycles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits
from sparsesim.machines.stream.area.memories import fitted_with
from sparsesim.machines.stream.area.row import choice_ffs, choice_luts


@dataclass(frozen=True)
class Around:
    """All of an array but its rows; what they skip makes no difference to it.

    Attributes:
        family: of FPGAs.
        streams: the operand that is streamed.
        rows, lanes, depth, stash, units, feed_latency: as of an array.
        round_bits: of the number of a round of vectors.
        held_bits: of a value of a word.
        acc_bits: as of an accelerator.
    """

    family: str
    streams: str
    rows: int
    lanes: int
    depth: int
    stash: int
    units: int
    feed_latency: int
    round_bits: int
    held_bits: int
    acc_bits: int


def _features(design: Around) -> Features:
    rows, units, acc = design.rows, design.units, design.acc_bits
    of = -(-rows // units)
    stages = design.feed_latency - 1
    word = design.lanes * design.held_bits
    by_place = design.streams == "weight"
    return {
        "one": 1,
        "rows": rows,
        "units": units,
        "index bits": index_bits(design.depth),
        "choices": units * of * index_bits(of),
        "result multiplexers": units * choice_luts(design.family, of, acc),
        "multiplexer registers": units * choice_ffs(of, acc),
        "rounds": by_place * rows * design.round_bits,
        "places": by_place * units * design.round_bits,
        "word bits": word,
        "pipelined bits": stages * (word + index_bits(design.depth) + 20),
        "tiles": not by_place,
        "counted indices": (not by_place) * units,
    }


MODEL = PartModel(
    "stream's array without rows",
    Around,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: fitted_with(design.family),
    dsp=lambda design: 0,
    bram36=lambda design: 0.0,
)
