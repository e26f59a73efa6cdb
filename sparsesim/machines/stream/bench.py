"""The streams and units of `stream`'s top in a replay under cocotb.

See `sparsesim.rtl.bench.Bench`; driver.cpp is its twin in C++. It needs no simulator itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sparsesim.machines.stream.entries import Entry, Feed
from sparsesim.rtl.bench import part
from sparsesim.rtl.units import Units

if TYPE_CHECKING:
    from sparsesim.rtl.bench import Replay, Seen


class StreamBench:
    """Drives rows' entries and the loader's words, and watches the units.

    Args:
        dut: the top. replay: the pass. seen: is filled.
        continues: the pass before left sums for this one.
    """

    def __init__(self, dut: Any, replay: Replay, seen: Seen, continues: bool = False) -> None:
        self._dut, self._replay, self._seen = dut, replay, seen
        arrays, parameters = replay.arrays, replay.parameters
        drains = bool(replay.about["drains"])
        self.feed = Feed(arrays["activations"], arrays["weights"], parameters, drains, continues)
        self._units = Units(dut, replay, seen)
        rows = range(parameters["ROWS"])
        self._entries = [self._of_row(i) for i in rows]
        self._offered: list[Entry | None] = [None for _ in rows]
        self._words = self.feed.words_of_tiles()
        self._word: int | None = None
        self._ended = [self._ends_of(i) for i in rows]
        self._places = [self._places_of(i) if drains else deque() for i in rows]

    def index(self, filter_: int) -> int:
        """Where the post-processing has a filter's parameters."""
        return self.feed.index(filter_)

    def begin(self) -> None:
        self._dut.pass_i.value = sum(word << 32 * n for n, word in enumerate(self.feed.words))
        self._units.begin()
        self._offered = [next(entries, None) for entries in self._entries]
        self._word = next(self._words, None)
        self._offer_entries()
        self._offer_word()

    def edge(self, cycle: int) -> None:
        self._note(cycle)
        took = [i for i, entry in enumerate(self._offered) if entry and self._taken(i)]
        for i in took:
            self._offered[i] = next(self._entries[i], None)
        if took:
            self._offer_entries()
        if self._word is not None and self._word_taken():
            self._word = next(self._words, None)
            self._offer_word()

    def end(self) -> None:
        self._units.end()

    def _taken(self, row: int) -> bool:
        """Whether the clock edge took the entry that is offered to a row."""
        return part(self._dut.entry_ready_o, row, 1) == 1

    def _word_taken(self) -> bool:
        return part(self._dut.word_ready_o, 0, 1) == 1

    def _of_row(self, row: int) -> Iterator[Entry]:
        for _ in range(self.feed.tiles):
            for vector, block in self.feed.items(row):
                yield from self.feed.entries_of(vector, block)

    def _ends_of(self, row: int) -> Iterator[tuple[int, int, int]]:
        """Tile of what is held, vector and block of each item of a row."""
        for tile in range(self.feed.tiles):
            for vector, block in self.feed.items(row):
                yield tile, vector, block

    def _places_of(self, row: int) -> deque[tuple[int, int]]:
        """Filter and position of each result of a row, as they leave."""
        return deque(
            (vector, line) if self.feed.streams_weights else (line, vector)
            for tile in range(self.feed.tiles)
            for vector in self.feed.leaving(row)
            for line in self.feed.of_tile(tile)
        )

    def _offer_entries(self) -> None:
        index_bits = (self._replay.parameters["DEPTH"] - 1).bit_length()
        value_bits = self._replay.parameters["WEIGHT_W" if self.feed.streams_weights else "ACT_W"]
        valid = index = value = last = 0
        for i, entry in enumerate(self._offered):
            if entry is not None:
                valid |= 1 << i
                index |= entry[0] << i * index_bits
                value |= (entry[1] & (1 << value_bits) - 1) << i * value_bits
                last |= entry[2] << i
        for name, bits in (("valid", valid), ("index", index), ("value", value), ("last", last)):
            getattr(self._dut, f"entry_{name}_i").value = bits

    def _offer_word(self) -> None:
        self._dut.word_valid_i.value = int(self._word is not None)
        if self._word is not None:
            self._dut.word_i.value = self._word

    def _note(self, cycle: int) -> None:
        """Right behind the clock edge that ends the cycle."""
        dut = self._dut
        if part(dut.done_o, 0, len(self._ended)) != 0:
            for i, ends in enumerate(self._ended):
                if part(dut.done_o, i, 1) != 0:
                    self._end(next(ends, None), cycle)
        self._units.edge(cycle, self._next)

    def _end(self, item: tuple[int, int, int] | None, cycle: int) -> None:
        if item is None:
            return
        tile, vector, block = item
        lanes = self.feed.lanes
        strips = -(-len(self.feed.streamed) // lanes)
        ends = self._seen.ends[tile * strips + vector // lanes, block]
        held = len(self.feed.of_tile(tile))
        if self.feed.streams_weights:
            ends[vector % lanes, :held] = cycle
        else:
            ends[:held, vector % lanes] = cycle

    def _next(self, unit: int) -> tuple[int, int] | None:
        """Filter and position of a unit's sum: the next one of its row."""
        bits = len(self._dut.sum_row_o) // self._replay.parameters["UNITS"]
        row = part(self._dut.sum_row_o, unit * bits, bits)
        if row is None or row >= len(self._places) or not self._places[row]:
            return None
        return self._places[row].popleft()
