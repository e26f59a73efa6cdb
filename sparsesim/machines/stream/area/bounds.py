"""Cycles that dense work takes at least, for many arrays at once: what orders the search.

Each bound is the recurrence of docs/machines/stream.md with terms left out, or the moves of all
bits, each once, so that no exact count is below it. However a layer is cut into passes, tiles of
the held operand are as many, rounds and chunks of the streamed one no fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.work import DenseWork
from sparsesim.machines.stream.parameters import RESULT_LATENCY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Arrays that stream the same operand.

    Attributes:
        table: int64, shape (arrays, 5): rows, lanes, units, depth, stash.
        feed_latency: of all of them.
        streams: the operand, `activation` or `weight`.
    """

    table: Ints
    feed_latency: int
    streams: str

    @property
    def columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Of the table."""
        rows, lanes, units, depth, stash = self.table.T
        return rows, lanes, units, depth, stash


def least_cycles(work: Sequence[DenseWork], sizes: Sizes, bits_per_cycle: float) -> Floats:
    """Cycles that all runs take at least on these arrays.

    Args:
        work: of `dense_work`.
        sizes: of the arrays.
        bits_per_cycle: of DRAM.
    """
    total = np.zeros(len(sizes.table))
    for item in work:
        shape, bits = item.geometry, item.value_bits
        moved = (
            shape.weight_elements / shape.groups * bits.weight  # steps may share one load
            + item.met_elements * bits.activation
            + shape.filters * shape.positions * bits.output
        ) / bits_per_cycle
        least = np.maximum(least_compute(item, sizes), moved)
        total += item.times * shape.groups * least
    return total


def least_compute(item: DenseWork, sizes: Sizes) -> Ints:
    """Compute cycles of one group of an item at least: its work, its loads or its results."""
    shape, reduction = item.geometry, item.geometry.reduction
    rows, lanes, units, depth, stash = sizes.columns
    vectors, held = shape.filters, shape.positions
    if sizes.streams == "activation":
        vectors, held = held, vectors
    blocks = -(-reduction // depth)
    block = -(-reduction // blocks)
    rounds = -(-vectors // rows)
    tiles = -(-held // lanes)
    last_held = held - (tiles - 1) * lanes
    # The first entry is behind the load of the first block; the last result leaves L behind the
    # last entry.
    loaded = block - 1 + sizes.feed_latency
    # A row's results leave a lane a cycle, so items of less entries than lanes take as long as
    # lanes; where K is cut not all of them leave.
    alone = blocks == 1
    in_full = np.where(alone, np.maximum(reduction, lanes), reduction)
    in_last = np.where(alone, np.maximum(reduction, last_held), reduction)
    saved = np.maximum(in_full - reduction, 0)  # nothing is in front of the first item's results
    worked = rounds * ((tiles - 1) * in_full + in_last) - saved
    chunks = np.where(alone, 1, -(-rounds // stash))
    drained = -(-vectors // units) * held
    return np.maximum.reduce(
        [
            loaded + worked + RESULT_LATENCY + last_held - 1,
            tiles * chunks * reduction + sizes.feed_latency + RESULT_LATENCY,
            loaded + reduction + RESULT_LATENCY - 1 + drained,
        ]
    )
