"""Which row takes what of one pass, and in which order. It counts nothing.

For what is done once: where model and Verilog part. Kernels deal by themselves, see `dealing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.scheme import Scheme
from sparsesim.machines.stream.parameters import StreamArray


@dataclass(frozen=True)
class Item:
    """One vector in one block of one tile.

    Attributes:
        tile: of the held operand. segment: of the pass. vector: that is streamed. block: of K.
        entries: how many, 1 or more.
        held: lanes that hold a vector.
        slot: where its row stashes its sum.
        is_fetched: its sum is fetched. is_captured: its sums leave its row's accumulators.
        to_unit: they leave for the unit.
    """

    tile: int
    segment: int
    vector: int
    block: int
    entries: int
    held: int
    slot: int
    is_fetched: bool
    is_captured: bool
    to_unit: bool


@dataclass(frozen=True)
class Order:
    """Of a pass.

    Attributes:
        segments: elements of K of each.
        rows: each row's items, in the order in which it takes them.
    """

    segments: tuple[int, ...]
    rows: tuple[tuple[Item, ...], ...]


def order_of(
    streamed: NDArray[np.bool_],
    held: int,
    sorts: bool,
    scheme: Scheme,
    array: StreamArray,
    drains: bool,
) -> Order:
    """The order of a pass that begins at K's first element.

    Args:
        streamed: which elements are not zero, shape (vectors, K).
        held: vectors of the other operand.
        sorts: whether vectors are dealt by their load, where the pass is all of K: weights are.
        scheme: one that skips nothing takes every element.
        array: its parameters.
        drains: whether the pass ends its tiles.
    Source: docs/machines/stream.md, "Order".
    """
    vectors, reduction = streamed.shape
    blocks = list(_blocks(reduction, array.depth))
    counts = np.stack([streamed[:, block].sum(axis=1) for block in blocks], axis=1)
    if scheme.is_dense:
        counts[:] = [block.stop - block.start for block in blocks]
    entries = np.maximum(counts, 1)
    sorts = sorts and drains
    places = np.argsort(-entries.sum(axis=1), kind="stable") if sorts else np.arange(vectors)
    rounds = -(-vectors // array.rows)
    in_chunk = rounds if len(blocks) == 1 and drains else array.stash
    segments: list[int] = []
    rows: list[list[Item]] = [[] for _ in range(array.rows)]
    for tile in range(-(-held // array.lanes)):
        lanes = min(array.lanes, held - tile * array.lanes)
        for first in range(0, rounds, in_chunk):
            chunk = range(first, min(first + in_chunk, rounds))
            for number, block in enumerate(blocks):
                closes = number == len(blocks) - 1
                for row, items in enumerate(rows):
                    mine = [
                        (round_ - first, place)
                        for round_ in chunk
                        for place in [_place(round_, row, array.rows, sorts)]
                        if place < vectors
                    ]
                    for at, (slot, place) in enumerate(mine[::-1] if number % 2 else mine):
                        vector = int(places[place])
                        items.append(
                            Item(
                                tile=tile,
                                segment=len(segments),
                                vector=vector,
                                block=number,
                                entries=int(entries[vector, number]),
                                held=lanes,
                                slot=slot,
                                is_fetched=number > 0 and at > 0,
                                is_captured=closes or at < len(mine) - 1,
                                to_unit=closes and drains,
                            )
                        )
                segments.append(block.stop - block.start)
    return Order(tuple(segments), tuple(map(tuple, rows)))


def _blocks(reduction: int, depth: int) -> Iterator[slice]:
    """K cut as evenly as can be."""
    count = -(-reduction // depth)
    step = -(-reduction // count)
    for first in range(0, reduction, step):
        yield slice(first, min(first + step, reduction))


def _place(round_: int, row: int, rows: int, sorts: bool) -> int:
    """Which place of a round is a row's."""
    return round_ * rows + (rows - 1 - row if sorts and round_ % 2 else row)
