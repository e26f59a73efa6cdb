"""What two dense PEs take more, in LUTs and flip-flops, where they share their multipliers.

Two products lie side by side in one DSP48E2, but no sum of them does, so that both sums lie in
LUTs. Sums of several lanes lie there in any case; a pair takes what the borrows between its
products do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel


@dataclass(frozen=True)
class PackedSums:
    """Of one pair of PEs.

    Attributes:
        family: of FPGAs.
        lanes: of each PE; in the table 0 for one.
        acc_bits: width of a sum.
    """

    family: str
    lanes: int
    acc_bits: int


def _features(design: PackedSums) -> Features:
    if design.lanes > 1:
        return {"one": 0, "sum bits": 0, "borrows": design.lanes}
    return {"one": 1, "sum bits": design.acc_bits, "borrows": 0}


MODEL = PartModel(
    "inner_join's packed sums",
    PackedSums,
    Path(__file__).with_suffix(".csv"),
    _features,
    near=lambda design: design.acc_bits,
)
