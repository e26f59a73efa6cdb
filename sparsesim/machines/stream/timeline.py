"""When each sum of a pass ended its work on each block, by docs/machines/stream.md.

For finding where the Verilog leaves the model, block by block. Cycles and classes of whole layers
come from `counting.py`, a thousand times faster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.scheme import Scheme
from sparsesim.machines.stream.order import Item, Order, order_of
from sparsesim.machines.stream.parameters import (
    FETCH_AFTER_LEAVING,
    FETCH_AFTER_START,
    FIRST_FETCH,
    RESULT_LATENCY,
    StreamArray,
    streams,
)
from sparsesim.machines.timeline import Timeline


def timeline(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    scheme: Scheme,
    array: StreamArray,
    drains: bool = True,
) -> Timeline:
    """Run the pass; see `Machine.timeline`.

    A place is a sum: all of an item end with its last entry. A pass that does not drain begins at
    K's first element.

    Source: docs/machines/stream.md, "Cycles of a pass".
    """
    by_weights = streams(scheme, array) == "weight"
    streamed, held = (weights, activations) if by_weights else (activations, weights)
    order = order_of(streamed != 0, len(held), by_weights, scheme, array, drains)
    run = _Run(order, array)
    run.run()
    lanes = array.lanes
    of_streamed, of_held = -(-len(streamed) // lanes), -(-len(held) // lanes)
    blocks = max(item.block for item in order.rows[0]) + 1
    ends = np.full((of_held * of_streamed, blocks, lanes, lanes), -1, dtype=np.int64)
    for items, lasts in zip(order.rows, run.lasts, strict=True):
        for item, last in zip(items, lasts, strict=True):
            tile, line = divmod(item.vector, lanes)
            ends[item.tile * of_streamed + tile, item.block, line, : item.held] = last
    tiles = [(s, h) for h in range(of_held) for s in range(of_streamed)]
    if not by_weights:
        ends = np.ascontiguousarray(np.swapaxes(ends, 2, 3))
        tiles = [(h, s) for s, h in tiles]
    return Timeline(
        run.cycles,
        tuple(tiles),
        ends,
        place="sum",
        step="block",
        last_waits_for="the results of its row that have not left",
    )


class _Run:
    """A pass, event by event: what knows its time goes on, then the earliest result leaves."""

    def __init__(self, order: Order, array: StreamArray) -> None:
        self.order, self.array = order, array
        rows, count = len(order.rows), len(order.segments)
        self.lasts: list[list[int]] = [[] for _ in range(rows)]
        self.cycles = 0
        self._ready: list[int] = []
        self._left = [0] * count  # items of each segment that have not ended
        self._freed = [-1] * count
        for items in order.rows:
            for item in items:
                self._left[item.segment] += 1
        self._release = [-1] * rows
        # Results that wait for their unit, and the cycle from which on they can leave.
        self._waits: list[tuple[int, Item] | None] = [None] * rows
        self._free = [0] * array.units
        self._begun = [-(2**60)] * rows
        self._own: list[dict[int, int]] = [{} for _ in range(rows)]

    def run(self) -> None:
        """To the end of the pass."""
        while True:
            self._load()
            went_on = [self._go_on(row) for row in range(len(self.lasts))]
            if not any(went_on) and not self._grant():
                return

    def _load(self) -> None:
        while len(self._ready) < len(self.order.segments):
            t = len(self._ready)
            if t > 1 and self._left[t - 2]:
                return
            freed = self._freed[t - 2] + self.array.feed_latency if t > 1 else 0
            first = max(self._ready[-1] + 1 if t else 0, freed)
            self._ready.append(first + self.order.segments[t] - 1)

    def _go_on(self, row: int) -> bool:
        """Let a row take items until it waits; whether it took any."""
        items, lasts, took = self.order.rows[row], self.lasts[row], False
        while len(lasts) < len(items):
            item = items[len(lasts)]
            if item.segment >= len(self._ready):
                break
            if item.is_captured and self._waits[row] is not None:
                break
            took = True
            self._take(row, item)
        return took

    def _take(self, row: int, item: Item) -> None:
        lasts = self.lasts[row]
        before = lasts[-1] + 1 if lasts else 0
        start = max(before, self._ready[item.segment] + self.array.feed_latency)
        if item.is_fetched:
            fetch = max(
                FIRST_FETCH,
                self._begun[row] + FETCH_AFTER_START,
                self._own[row][item.slot] + FETCH_AFTER_LEAVING,
            )
            start = max(start, fetch + item.held)
        last = start + item.entries - 1
        if item.is_captured:
            last = max(last, self._release[row])
        if item.is_fetched:
            self._begun[row] = start if item.entries > 1 else last
        lasts.append(last)
        self._left[item.segment] -= 1
        self._freed[item.segment] = max(self._freed[item.segment], last)
        if not item.is_captured:
            return
        if item.to_unit:
            self._waits[row] = last + RESULT_LATENCY, item
            return
        self._own[row][item.slot] = last + RESULT_LATENCY
        self._leave(row, item, last + RESULT_LATENCY)

    def _leave(self, row: int, item: Item, leaves: int) -> int:
        drained = leaves + item.held - 1
        self._release[row] = max(leaves, drained - RESULT_LATENCY + 1)
        self.cycles = max(self.cycles, drained + 1)
        return drained

    def _grant(self) -> bool:
        """The earliest result of all leaves; in its cycle its unit takes the lowest row's."""
        found = []
        for row, waits in enumerate(self._waits):
            if waits is not None:
                since, item = waits
                found.append((max(self._free[row % self.array.units], since), row, item))
        if not found:
            return False
        leaves, row, item = min(found, key=lambda one: one[:2])
        self._free[row % self.array.units] = self._leave(row, item, leaves) + 1
        self._waits[row] = None
        return True
