"""The area of an array without its PEs: finder, sender, drain, the way of sums to the units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits


@dataclass(frozen=True)
class Around:
    """All of an array but its PEs.

    Attributes:
        family: of FPGAs.
        pes, pe_sums, units, act_bits, acc_bits: as of an accelerator.
    """

    family: str
    pes: int
    pe_sums: int
    units: int
    act_bits: int
    acc_bits: int


def _features(design: Around) -> Features:
    groups = -(-design.pes // design.units)
    levels = max(1, -(-index_bits(groups) // 2))  # of 4:1 multiplexers, registered
    registered = sum(-(-groups // 4**level) for level in range(1, levels + 1))
    return {
        "one": 1,
        "PEs": design.pes,
        "activation bits": design.pes * design.act_bits,
        "units": design.units,
        "result multiplexers": design.units * (groups - 1) * design.acc_bits,
        "registered results": design.units * registered * design.acc_bits,
        "row bits": index_bits(design.pe_sums),
    }


MODEL = PartModel("broadcast's array", Around, Path(__file__).with_suffix(".csv"), _features)
