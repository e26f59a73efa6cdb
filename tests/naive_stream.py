"""The array of streams as a plain clocked machine: the oracle of every faster cycle model.

A loop over cycles lets the loader, rows and units act on what they know by then. It is written from
the text of docs/machines/stream.md, not from the kernel. It isn't meant to be quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.stream.parameters import (
    FETCH_AFTER_LEAVING,
    FETCH_AFTER_START,
    FIRST_FETCH,
    RESULT_LATENCY,
)

CLASSES = (
    *("effectual", "ineffectual", "unused", "inactive", "load_wait", "imbalance"),
    *("drain_wait", "stash_wait", "fill_drain"),
)


@dataclass(frozen=True)
class NaiveStream:
    """One pass: its cycles, lane-slots by class, and for each row the last entry of each item."""

    cycles: int
    classes: dict[str, int]
    lasts: list[list[int]]


@dataclass(frozen=True)
class Item:
    """What a row does with one vector in one block of one tile.

    Attributes:
        segment: whose half has to be there.
        entries: for each, which lanes' pairs have two non-zeros, of lanes that hold a vector; None
            is a filler.
        held: lanes that hold a vector.
        slot: where its sum is stashed.
        begins: "from 0", "fetched" or "goes on"; ends: "unit", "stash" or "goes on".
    """

    segment: int
    entries: list[list[bool] | None]
    held: int
    slot: int
    begins: str
    ends: str


class Loader:
    """Writes a segment's words, one a cycle, into the half that is free."""

    def __init__(self, lengths: list[int], latency: int) -> None:
        self.lengths, self.latency = lengths, latency
        self.segment, self.written = 0, 0
        self.first_in: dict[int, int] = {}
        self.ready_in: dict[int, int] = {}
        self.freed_in: dict[int, int] = {}

    def act(self, cycle: int) -> None:
        if self.segment == len(self.lengths):
            return
        if not self.written:
            before = self.segment - 2  # was in the same half
            known = before < 0 or (
                before in self.freed_in and self.freed_in[before] + self.latency <= cycle
            )
            if not known:
                return
            self.first_in[self.segment] = cycle
        self.written += 1
        if self.written == self.lengths[self.segment]:
            self.ready_in[self.segment] = cycle
            self.segment, self.written = self.segment + 1, 0

    def may_work(self, segment: int, cycle: int) -> bool:
        return segment in self.ready_in and self.ready_in[segment] + self.latency <= cycle


@dataclass
class Result:
    """Captured sums that have not all left."""

    item: Item
    last_in: int
    leaves_in: int | None = None

    @property
    def drained_in(self) -> int:
        assert self.leaves_in is not None
        return self.leaves_in + self.item.held - 1


@dataclass
class Row:
    """Takes its items one behind the other, an entry a cycle."""

    lanes: int
    items: list[Item]
    at: int = 0
    taken: int = 0
    result: Result | None = None  # the latest
    stashed_leaves_in: dict[int, int] = field(default_factory=dict)
    fetches: list[int] = field(default_factory=list)  # numbers of items that are fetched
    fetched_lanes: int = 0
    fetched_in: dict[int, int] = field(default_factory=dict)
    started_in: dict[int, int] = field(default_factory=dict)
    lasts: list[int] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    behind_its_last: int = 0

    def __post_init__(self) -> None:
        self.to_fetch = [n for n, item in enumerate(self.items) if item.begins == "fetched"]
        self.in_fetch = 0

    @property
    def done(self) -> bool:
        return self.at == len(self.items)

    def act(self, cycle: int, loader: Loader) -> None:
        if not self.items:
            self.slots["inactive"] += self.lanes
            return
        if self.done:
            self.behind_its_last += 1  # imbalance or fill_drain: told when all have ended
            return
        item = self.items[self.at]
        reason = self._why_not(item, cycle, loader)
        if reason:
            if not self.at and not self.taken:
                reason = "fill_drain"
            self.slots[reason] += self.lanes
            return
        if not self.taken:
            self.started_in[self.at] = cycle
        self._take(item.entries[self.taken], item.held)
        self.taken += 1
        if self.taken == len(item.entries):
            self._end(item, cycle)

    def _why_not(self, item: Item, cycle: int, loader: Loader) -> str:
        if not self.taken:
            if not loader.may_work(item.segment, cycle):
                begun = loader.first_in.get(item.segment, cycle + 1) <= cycle
                return "load_wait" if begun else "imbalance"
            if item.begins == "fetched" and self.fetched_in.get(self.at, cycle) >= cycle:
                return "stash_wait"
        is_last = self.taken == len(item.entries) - 1
        if is_last and item.ends != "goes on" and self.result is not None:
            # The capture is at the end of cycle + L - 1: by then all results before have left.
            there = self.result.leaves_in is not None and self.result.leaves_in <= cycle
            if not there or self.result.drained_in > cycle + RESULT_LATENCY - 1:
                return "drain_wait"
        return ""

    def _take(self, entry: list[bool] | None, held: int) -> None:
        self.slots["inactive"] += self.lanes - held
        if entry is None:
            self.slots["unused"] += held
            return
        self.slots["effectual"] += sum(entry)
        self.slots["ineffectual"] += held - sum(entry)

    def _end(self, item: Item, cycle: int) -> None:
        self.lasts.append(cycle)
        self.at, self.taken = self.at + 1, 0
        if item.ends == "goes on":
            return
        self.result = Result(item, cycle)
        if item.ends == "stash":
            self.result.leaves_in = cycle + RESULT_LATENCY
            self.stashed_leaves_in[item.slot] = cycle + RESULT_LATENCY

    def fetch(self, cycle: int) -> None:
        """A lane a cycle, when the row's accumulators have taken what was fetched before."""
        if self.in_fetch == len(self.to_fetch):
            return
        number = self.to_fetch[self.in_fetch]
        item = self.items[number]
        if not self.fetched_lanes:
            if cycle < FIRST_FETCH:
                return
            if self.in_fetch:
                before = self.started_in.get(self.to_fetch[self.in_fetch - 1])
                if before is None or before + FETCH_AFTER_START > cycle:
                    return
            own = self._own_sum_is_on_its_way(number)
            if own and self.stashed_leaves_in[item.slot] + FETCH_AFTER_LEAVING > cycle:
                return
            if own is None:
                return
        self.fetched_lanes += 1
        if self.fetched_lanes == item.held:
            self.fetched_in[number] = cycle
            self.in_fetch, self.fetched_lanes = self.in_fetch + 1, 0

    def _own_sum_is_on_its_way(self, number: int) -> bool | None:
        """Whether it was stashed in this pass; None: it is to be, and has not been."""
        slot = self.items[number].slot
        for before in range(number - 1, -1, -1):
            if self.items[before].slot == slot and self.items[before].ends == "stash":
                return True if before < len(self.lasts) else None
        return False


@dataclass
class Unit:
    """Takes one result a cycle, of one row after another."""

    rows: list[Row]
    free_from: int = 0

    def act(self, cycle: int) -> None:
        if cycle < self.free_from:
            return
        for row in self.rows:
            found = row.result
            if found is None or found.item.ends != "unit" or found.leaves_in is not None:
                continue
            if found.last_in + RESULT_LATENCY <= cycle:
                found.leaves_in = cycle
                self.free_from = found.drained_in + 1
                return


def naive_stream_cycles(
    act_mask: NDArray[np.bool_],
    weight_mask: NDArray[np.bool_],
    array: Any,
    scheme: str,
    drains: bool = True,
    begins: bool = True,
) -> NaiveStream:
    """Runs one pass, cycle by cycle.

    Args:
        act_mask: bool, shape (positions, K'); weight_mask: bool, shape (filters, K').
        array: a `StreamArray`, or what has its attributes.
        scheme: `none`, `activation` or `weight`.
        drains: whether the pass ends its tiles.
        begins: whether it begins at K's first element.
    """
    streams = array.dense_streams if scheme == "none" else scheme
    streamed, held = (act_mask, weight_mask) if streams == "activation" else (weight_mask, act_mask)
    lengths, rows_items = _items(streamed, held, array, scheme, streams, drains, begins)
    rows = [Row(array.lanes, items) for items in rows_items]
    units = [Unit(rows[unit :: array.units]) for unit in range(array.units)]
    loader = Loader(lengths, array.feed_latency)
    last_of_segment = [
        sum(i.segment == t for r in rows for i in r.items) for t, _ in enumerate(lengths)
    ]
    all_ended = None
    for cycle in count():
        for unit in units:
            unit.act(cycle)
        loader.act(cycle)
        for row in rows:
            ended = len(row.lasts)
            row.act(cycle, loader)
            if len(row.lasts) > ended:
                segment = row.items[ended].segment
                last_of_segment[segment] -= 1
                if not last_of_segment[segment]:
                    loader.freed_in[segment] = cycle
            row.fetch(cycle)
        if all_ended is None and all(row.done for row in rows):
            all_ended = cycle
        results = [row.result for row in rows if row.result is not None]
        if all_ended is not None and all(
            one.leaves_in is not None and one.drained_in <= cycle for one in results
        ):
            break
        assert cycle < 1_000_000, "the machine is stuck"
    cycles = cycle + 1
    for row in rows:
        if row.items:
            # Behind its last entry: others still work, or the pass empties.
            row.slots["fill_drain"] += array.lanes * (cycle - all_ended)
            row.slots["imbalance"] += array.lanes * (row.behind_its_last - (cycle - all_ended))
    classes = {name: sum(row.slots[name] for row in rows) for name in CLASSES}
    assert sum(classes.values()) == array.rows * array.lanes * cycles
    return NaiveStream(cycles, classes, [row.lasts for row in rows])


def _items(streamed, held, array, scheme, streams, drains, begins):
    """Elements of each segment, and each row's items in the order in which it takes them."""
    vectors, reduction = streamed.shape
    rows = array.rows
    blocks_count = -(-reduction // array.depth)
    step = -(-reduction // blocks_count)
    blocks = [range(at, min(at + step, reduction)) for at in range(0, reduction, step)]
    assert len(blocks) == blocks_count
    is_all_of_k = drains and begins

    def entries(vector, block):
        found = [k for k in block if scheme == "none" or streamed[vector, k]]
        return found or [None]

    order, turns = list(range(vectors)), False
    if streams == "weight" and is_all_of_k:
        load = [sum(len(entries(v, block)) for block in blocks) for v in order]
        order.sort(key=lambda v: -load[v])  # stable
        turns = True
    row_of = {}
    for n in range(vectors):
        n_round, n_row = divmod(n, rows)
        row_of[n] = rows - 1 - n_row if turns and n_round % 2 else n_row
    chunk = vectors if blocks_count == 1 and is_all_of_k else rows * array.stash
    chunks = [range(at, min(at + chunk, vectors)) for at in range(0, vectors, chunk)]

    lengths, items = [], [[] for _ in range(rows)]
    for first in range(0, len(held), array.lanes):
        tile = held[first : first + array.lanes]
        for places in chunks:
            for b, block in enumerate(blocks):
                segment = len(lengths)
                lengths.append(len(block))
                for row in range(rows):
                    own = [n for n in places if row_of[n] == row]
                    if b % 2:
                        own.reverse()
                    for number, n in enumerate(own):
                        begin = (
                            ("from 0" if begins else "fetched")
                            if b == 0
                            else ("goes on" if number == 0 else "fetched")
                        )
                        if b < blocks_count - 1:
                            end = "goes on" if number == len(own) - 1 else "stash"
                        else:
                            end = "unit" if drains else "stash"
                        given = [
                            None
                            if k is None
                            else [bool(streamed[order[n], k] and line[k]) for line in tile]
                            for k in entries(order[n], block)
                        ]
                        slot = n // rows - places[0] // rows
                        items[row].append(Item(segment, given, len(tile), slot, begin, end))
    return lengths, items
