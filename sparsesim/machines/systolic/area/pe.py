"""A PE's area: a multiplier block with its registers, and what does not fit into one.

On AMD parts the block holds all but the way of operands and flags; elsewhere products and sums are
registered and added in the fabric.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits, mux_luts


@dataclass(frozen=True)
class Pe:
    """A PE by itself.

    Attributes:
        family: of FPGAs.
        dataflow: of its array.
        block: activations among which it selects, 1 where it takes the only one.
        act_bits, weight_bits: as of an accelerator.
        sum_bits: of the sums of its column, or of its own.
    """

    family: str
    dataflow: str
    block: int
    act_bits: int
    weight_bits: int
    sum_bits: int


def _features(design: Pe) -> Features:
    return {
        "one": 1,
        "activation bits": design.block * design.act_bits,
        "weight bits": design.weight_bits,
        "product bits": design.act_bits + design.weight_bits,
        "sum bits": design.sum_bits,
        "selecting PEs": design.block > 1,
        "selected bits": design.act_bits * mux_luts(design.family, design.block),
        "choice bits": index_bits(design.block),
    }


MODEL = PartModel(
    "systolic's PE",
    Pe,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: (design.family, design.dataflow),
    dsp=lambda design: 1,
    near=lambda design: design.sum_bits,
)
