"""The encoder of bitmask beats: from output values, one a cycle, to a mask and packed values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits
from sparsesim.machines.part import Module, Part

TOP = "sparsesim_bitmask_encoder"


@dataclass(frozen=True)
class Encoder:
    """One line's, of 8-bit values.

    Attributes:
        family: of FPGAs.
        elements: of a beat.
    """

    family: str
    elements: int


def _features(design: Encoder) -> Features:
    elements = design.elements
    return {"one": 1, "elements": elements, "counted elements": elements * index_bits(elements)}


MODEL = PartModel("encoder", Encoder, Path(__file__).with_suffix(".csv"), _features)


def module_of(design: Encoder) -> Module:
    """Where synthesis finds it."""
    return Module(TOP, {"WINDOW": design.elements})


def part(words: str, times: int, design: Encoder) -> Part:
    """So many encoders; `words` say which: `output encoder, a unit`."""
    return Part(words, times, MODEL.resources(design), module_of(design))
