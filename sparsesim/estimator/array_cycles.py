"""One pass on the array, from masks: the smallest question that the cycle model answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import InputError
from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.asked import counted_by
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.spec.accelerator import Accelerator


@dataclass(frozen=True)
class PassCount:
    """Cycles of one pass and where they went.

    Attributes:
        cycles: from its first to its last.
        classes: multiplier slots by class; they sum to slots * cycles.
        effectual_macs: pairs with both operands non-zero.
    """

    cycles: int
    classes: dict[str, int]
    effectual_macs: int


def array_cycles(
    act_mask: NDArray[np.bool_],
    weight_mask: NDArray[np.bool_],
    accelerator: Accelerator,
    drains: bool = True,
) -> PassCount:
    """Cycles of one pass.

    Args:
        act_mask: true where an activation is not zero, shape (positions, K).
        weight_mask: the same of the weights, shape (filters, K).
        accelerator: the machine.
        drains: whether the pass ends its tiles; one that does not is a single tile, and ends with
            its last work.
    Raises:
        InputError: masks that are not two-dimensional, are empty, or differ in K; several tiles
            without drains.
    Source: docs/model.md, "Machines and the cycles of a pass".
    """
    act_mask, weight_mask = np.asarray(act_mask, dtype=bool), np.asarray(weight_mask, dtype=bool)
    for name, mask, lines in (
        ("act_mask", act_mask, "positions"),
        ("weight_mask", weight_mask, "filters"),
    ):
        if mask.ndim != 2 or not mask.size:
            raise InputError(f"{name} has shape {mask.shape}; use ({lines}, K), each 1 or more")
    positions, reduction = act_mask.shape
    filters = len(weight_mask)
    if weight_mask.shape[1] != reduction:
        raise InputError(
            f"act_mask has K = {reduction}, weight_mask has K = {weight_mask.shape[1]}; use one K"
        )
    rules, array = accelerator.rules, accelerator.array
    tiles = rules.tiling(array).tiles(filters, positions)
    if not drains and tiles > 1:
        raise InputError(f"drains = False takes one tile, but the masks make {tiles}")

    act_words, weight_words = pack_lines(act_mask[None]), pack_lines(weight_mask[None])
    passes = Passes.one(filters, positions, reduction, drains)
    pairs = count_pairs(act_words, weight_words, passes)
    counted = counted_by(
        rules,
        rules.prepare("activation", act_words, reduction, array),
        rules.prepare("weight", weight_words, reduction, array),
        passes,
        pairs,
        rules.scheme(accelerator.skipping),
        array,
    )
    keys = (one.key for one in rules.classes)
    classes = dict(zip(keys, counted.slots[0].tolist(), strict=True))
    return PassCount(int(counted.cycles[0]), classes, int(pairs.effectual[0]))
