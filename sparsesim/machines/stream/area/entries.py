"""The decoder of a row's entries: from masks and packed values to indices and operands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits
from sparsesim.machines.part import Module, Part
from sparsesim.machines.stream.area.memories import fitted_with

TOP = "stream_entries"
MASK_BITS = 16
"""Elements of a mask that it takes at once."""


@dataclass(frozen=True)
class Entries:
    """One row's.

    Attributes:
        family: of FPGAs.
        depth: elements of the longest block.
        entry_bits: width of an operand.
    """

    family: str
    depth: int
    entry_bits: int


def _features(design: Entries) -> Features:
    return {"one": 1, "index bits": index_bits(design.depth), "entry bits": design.entry_bits}


MODEL = PartModel(
    "stream's entries",
    Entries,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: fitted_with(design.family),
)


def module_of(design: Entries) -> Module:
    """Where synthesis finds it."""
    return Module(TOP, {"WINDOW": MASK_BITS, "DEPTH": design.depth, "OPERAND_W": design.entry_bits})


def part(words: str, times: int, design: Entries) -> Part:
    """So many decoders; `words` say which: `decoder of entries, a row`."""
    return Part(words, times, MODEL.resources(design), module_of(design))
