"""Cycles that a layer cannot go below on the result's machine, and which of them set its pace."""

from __future__ import annotations

from sparsesim.machines.explanation import PACE_SHARE, Floor
from sparsesim.result.model import LayerRecord, Result


def floors(result: Result, layer: LayerRecord) -> tuple[Floor, ...]:
    """The least cycles of a layer, summed over the images; empty where the machine says none."""
    return result.accelerator.rules.floors(result.runs(layer), result.accelerator.array)


def pacing(result: Result, layer: LayerRecord, scheme: str) -> list[Floor]:
    """The floors that are what bounds a layer, or are nearly."""
    bound, compute = layer.schemes[scheme].bound, layer.cycles[scheme].compute
    return [
        floor
        for floor in floors(result, layer)
        if floor.paces and (bound == floor.paces or floor.cycles >= PACE_SHARE * compute)
    ]
