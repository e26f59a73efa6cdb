"""The decoder of bitmask blocks: from packed values and a mask to elements side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits, mux_luts
from sparsesim.machines.part import Module, Part

TOP = "sparsesim_bitmask_decoder"


@dataclass(frozen=True)
class Decoder:
    """One line's.

    Attributes:
        family: of FPGAs.
        elements: that it puts out side by side.
        operand_bits: width of one.
    """

    family: str
    elements: int
    operand_bits: int


def _features(design: Decoder) -> Features:
    elements = design.elements
    return {
        "one": 1,
        "elements": elements,
        "operand bits": elements * design.operand_bits,
        "rank bits": elements * index_bits(elements),
        "multiplexers": elements * design.operand_bits * mux_luts(design.family, elements) / 2,
    }


MODEL = PartModel("decoder", Decoder, Path(__file__).with_suffix(".csv"), _features)


def module_of(design: Decoder) -> Module:
    """Where synthesis finds it."""
    return Module(TOP, {"WINDOW": design.elements, "OPERAND_W": design.operand_bits})


def part(words: str, times: int, design: Decoder) -> Part:
    """So many decoders; `words` say which: `weight decoder, a row`."""
    return Part(words, times, MODEL.resources(design), module_of(design))
