"""A post-processing unit that takes sums from anywhere: parameters' memory, bias, scale, ReLU,
threshold, clamp. It has no encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.machines.part import Module, Part

TOP = "sparsesim_postprocess_unit"
_PIECE_BITS = 17  # of a sum and its bias, a column of multipliers each


@dataclass(frozen=True)
class PostprocessUnit:
    """One unit.

    Attributes:
        family: of FPGAs.
        acc_bits: width of a sum.
    """

    family: str
    acc_bits: int

    @property
    def pieces(self) -> int:
        """Pieces of 17 bits of a sum and its bias of 32 bits: two multipliers each."""
        return -(-max(self.acc_bits, 2 * _PIECE_BITS) // _PIECE_BITS)


def _features(design: PostprocessUnit) -> Features:
    return {
        "one": 1,
        "sum bits": design.acc_bits,
        "pieces": design.pieces,
        "sum bits of pieces": design.acc_bits * design.pieces,
    }


MODEL = PartModel(
    "post-processing unit",
    PostprocessUnit,
    Path(__file__).with_suffix(".csv"),
    _features,
    dsp=lambda design: 2 * design.pieces,
)


def module_of(design: PostprocessUnit) -> Module:
    """Where synthesis finds it."""
    return Module(TOP, {"ACC_W": design.acc_bits})


def part(words: str, times: int, design: PostprocessUnit) -> Part:
    """So many units; `words` say which: `post-processing, a unit`."""
    return Part(words, times, MODEL.resources(design), module_of(design))
