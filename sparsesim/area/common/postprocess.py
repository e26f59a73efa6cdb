"""Post-processing of sums: bias, scale, ReLU, threshold, and the encoder of a beat of outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.machines.part import Module, Part

TOP = "sparsesim_postprocess"


@dataclass(frozen=True)
class Postprocess:
    """One unit.

    Attributes:
        family: of FPGAs.
        elements: outputs of a beat.
        acc_bits: width of a sum.
    """

    family: str
    elements: int
    acc_bits: int


def _features(design: Postprocess) -> Features:
    return {"one": 1, "beat elements": design.elements, "sum bits": design.acc_bits}


MODEL = PartModel(
    "post-processing",
    Postprocess,
    Path(__file__).with_suffix(".csv"),
    _features,
    near=lambda design: design.acc_bits,
)


def module_of(design: Postprocess) -> Module:
    """Where synthesis finds it."""
    return Module(TOP, {"WINDOW": design.elements, "ACC_W": design.acc_bits})


def part(words: str, times: int, design: Postprocess) -> Part:
    """So many units; `words` say which: `post-processing, a column`."""
    return Part(words, times, MODEL.resources(design), module_of(design))
