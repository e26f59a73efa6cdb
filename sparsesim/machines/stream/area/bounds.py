"""Cycles that dense work takes at least on arrays of `stream`: what orders the search.

Each bound is the recurrence of docs/machines/stream.md with terms left out, so that no exact count
is below it. However a layer is cut into passes, tiles of the held operand are as many, rounds and
chunks of the streamed one no fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.area import bounds
from sparsesim.area.work import DenseWork
from sparsesim.machines.stream.parameters import RESULT_LATENCY
from sparsesim.spec import Accelerator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Arrays that stream the same operand.

    Attributes:
        table: int64, shape (arrays, 5 or more): rows, lanes, units, depth, stash.
        feed_latency: of all of them.
        streams: the operand, `activation` or `weight`.
    """

    table: Ints
    feed_latency: int
    streams: str

    @property
    def rows(self) -> Ints:
        return self.table[:, 0]

    @property
    def lanes(self) -> Ints:
        return self.table[:, 1]

    @property
    def units(self) -> Ints:
        return self.table[:, 2]

    @property
    def depth(self) -> Ints:
        return self.table[:, 3]

    @property
    def stash(self) -> Ints:
        return self.table[:, 4]


def least_cycles(
    work: Sequence[DenseWork], accelerator: Accelerator, sizes: Sizes, bits_per_cycle: float
) -> Floats:
    """Cycles that all runs take at least on these arrays.

    Args:
        work: of `dense_work`.
        accelerator: dense, of any size; gives the buffers.
        sizes: of the arrays.
        bits_per_cycle: of DRAM.
    """

    def compute(item: DenseWork, filters: Ints, passes: Ints) -> Ints:
        return least_compute(item, filters, passes, sizes)

    return bounds.least_cycles(work, accelerator, sizes.lanes, bits_per_cycle, compute)


def least_compute(item: DenseWork, filters: Ints, passes: Ints, sizes: Sizes) -> Ints:
    """Cycles of so many filters of a group at all its positions, in so many passes at least: of
    their work, their loads or their results."""
    reduction = item.geometry.reduction
    vectors, held = filters, np.full_like(filters, item.geometry.positions)
    if sizes.streams == "activation":
        vectors, held = held, vectors
    blocks = -(-reduction // sizes.depth)
    rounds = -(-vectors // sizes.rows)
    tiles = -(-held // sizes.lanes)
    last_held = held - (tiles - 1) * sizes.lanes
    # A pass's first entry is behind the load of its first block.
    loaded = -(-reduction // blocks) - 1 + sizes.feed_latency
    # A row's results leave a lane a cycle, so items of less entries than lanes take as long as
    # lanes, behind the first of a pass; where K is cut not all of them leave.
    alone = blocks == 1
    in_full = np.where(alone, np.maximum(reduction, sizes.lanes), reduction)
    in_last = np.where(alone, np.maximum(reduction, last_held), reduction)
    worked = rounds * ((tiles - 1) * in_full + in_last) - passes * (in_full - reduction)
    chunks = np.where(alone, 1, -(-rounds // sizes.stash))
    drained = -(-vectors // sizes.units) * held
    return np.maximum.reduce(
        [
            worked + passes * (loaded + RESULT_LATENCY),
            tiles * chunks * reduction + passes * (sizes.feed_latency + RESULT_LATENCY),
            drained + passes * (loaded + reduction + RESULT_LATENCY - 1),
        ]
    )
