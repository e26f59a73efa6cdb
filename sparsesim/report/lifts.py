"""What holds a layer's cycles, and what would give some of them back.

Of the machine's bounds the machine knows the cause; that of `dram` is the memory's, on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparsesim.machines.explanation import LEAST_SHARE, Cause
from sparsesim.report.classes import STALL, classes
from sparsesim.report.dram_cause import dram_cause
from sparsesim.report.facts import class_cycles
from sparsesim.report.floors import pacing
from sparsesim.result.model import LayerRecord, Result


@dataclass(frozen=True)
class Lift:
    """One bound of a layer.

    Attributes:
        bound: of the machine's classes, or `dram`.
        cycles: of the layer's total cycles, how many it holds.
        cause: why, and its cure; None: the machine does not say.
    """

    bound: str
    cycles: float
    cause: Cause | None


def lifts(result: Result, layer: LayerRecord, scheme: str) -> list[Lift]:
    """What holds a layer's cycles under a scheme: what bounds it first, then by their cycles."""
    cycles, rules = layer.cycles[scheme], result.accelerator.rules
    by_class = class_cycles(result, layer.schemes[scheme], cycles)
    held: dict[str, float] = {}
    for kind in classes(rules):
        held[kind.bound] = held.get(kind.bound, 0.0) + by_class[kind.key]
    bound = layer.schemes[scheme].bound
    paced = {floor.paces for floor in pacing(result, layer, scheme)}
    found = [
        word
        for word in held
        if word == bound or word in paced or held[word] >= LEAST_SHARE * cycles.total
    ]
    found.sort(key=lambda word: (word != bound, word not in paced, -held[word]))
    return [Lift(word, held[word], _cause(word, result, layer, scheme)) for word in found]


def _cause(bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
    if bound == STALL.bound:
        return dram_cause(result, layer, scheme)
    return result.accelerator.rules.cause(bound, result, layer, scheme)
