"""stream_loader.v: words in the cycles of the law, and what rows are told."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, parameters

from sparsesim.rtl.bench import part


@dataclass(frozen=True)
class Segment:
    """Its words, and what the loader says of it."""

    words: int
    flags: int
    tile: int


@dataclass(frozen=True)
class Shape:
    """Of a pass; a random one."""

    words: int
    last_words: int
    blocks: int
    rounds: int
    tiles: int
    edge: bool
    chunked: bool

    @classmethod
    def drawn(cls, random, depth: int, stash: int) -> Shape:
        blocks = int(random.choice([1, 1, 2, 3]))
        words = int(random.choice([1, 2, 5, depth]))
        return cls(
            words=words,
            last_words=int(random.integers(1, words, endpoint=True)),
            blocks=blocks,
            rounds=int(random.integers(1, 3 * stash, endpoint=True)),
            tiles=int(random.integers(1, 7)),
            edge=bool(random.integers(2)),
            chunked=blocks > 1 or bool(random.integers(2)),
        )

    def segments(self, stash: int) -> list[Segment]:
        """In order."""
        chunk = stash if self.chunked else self.rounds
        starts, found = range(0, self.rounds, chunk), []
        for tile in range(self.tiles):
            for first in starts:
                for block in range(self.blocks):
                    last = block == self.blocks - 1
                    flags = (block == 0) | last << 1 | (block & 1) << 2
                    flags |= (first == starts[-1]) << 3
                    flags |= (self.edge and tile == self.tiles - 1) << 4
                    flags |= (first == self.rounds - 1) << 5 | (tile & 3) << 6
                    found.append(Segment(self.last_words if last else self.words, flags, tile))
        return found


class Bench:
    """Plays the rows, the words and the pass; asserts each cycle.

    Attributes:
        starved: probability that no word is offered in a cycle.
        slow: rows end a segment up to so many cycles behind its start.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.told = dut, told
        self.clock, self.random = Clock(dut), generator()
        self.rows, self.latency = told["ROWS"], told["FEED_LATENCY"]
        self.bits = told["LANES"] * told["HELD_W"]
        self.starved, self.slow = 0.0, 3
        self.segments_before = 0  # of earlier passes

    def turns(self, count: int) -> int:
        return (count + 1 >> 1 & 1) | (count >> 1 & 1) << 1

    async def run_pass(self, shape: Shape) -> None:
        dut, segments = self.dut, shape.segments(self.told["STASH"])
        for name in ("words", "last_words", "blocks", "rounds", "tiles", "edge", "chunked"):
            getattr(dut, f"{name}_i").value = int(getattr(shape, name))
        dut.start_i.value = 1
        dut.word_valid_i.value = 0
        await self.clock.edge()
        dut.start_i.value = 0
        zero, base = self.clock.cycle + 1, self.segments_before
        loaded, taken = 0, 0  # segments; words of the next
        # The cycle in which each row left each segment; the cycle of each segment's last word.
        left: list[list[int]] = [[] for _ in range(self.rows)]
        ready: list[int] = []
        sent: list[tuple[int, int, int]] = []  # cycle, address, word
        while len(left[0]) < len(segments) or min(map(len, left)) < len(segments):
            now = self.clock.cycle + 1
            rows_done = min(map(len, left))
            freed = loaded < 2 or (
                rows_done >= loaded - 1
                and max(row[loaded - 2] for row in left) + self.latency <= now
            )
            offered = self.random.random() >= self.starved
            word = int.from_bytes(self.random.bytes(self.bits // 8 + 1), "little") % (
                1 << self.bits
            )
            dut.word_valid_i.value, dut.word_i.value = int(offered), word
            done = 0
            for i, row in enumerate(left):
                done |= self.turns(base + len([t for t in row if t < now])) << 2 * i
            dut.done_i.value = done
            await self.clock.edge()
            may = loaded < len(segments) and freed
            assert int(dut.word_ready_o.value) == may, now - zero
            assert int(dut.open_o.value) == (loaded < len(segments)), now - zero
            takes = may and offered
            if loaded < len(segments):
                assert int(dut.begun_o.value) == (takes or taken > 0), now - zero
            self._told(segments, ready, loaded, now, base)
            self._wrote(sent, now)
            if takes:
                half = base + loaded & 1
                sent.append((now, taken | half * self.told["DEPTH"], word))
                taken += 1
                ends = taken == segments[loaded].words
                assert int(dut.ends_o.value) == ends, now - zero
                if ends:
                    ready.append(now)
                    loaded, taken = loaded + 1, 0
            else:
                assert int(dut.ends_o.value) == 0, now - zero
            known = [t for t in ready if t + self.latency <= now + 1]
            assert int(dut.loaded_next_o.value) == self.turns(base + len(known)), now - zero
            for row in left:  # a row may leave what it has, from the first cycle on
                has = len(row) < len(ready) and ready[len(row)] + self.latency <= now + 1
                if has and self.random.random() < 1 / (1 + self.slow):
                    row.append(now + 1)
        self.segments_before += len(segments)
        for _ in range(self.latency + 1):
            done = sum(self.turns(self.segments_before) << 2 * i for i in range(self.rows))
            dut.done_i.value, dut.word_valid_i.value = done, 1
            await self.clock.edge()
            assert int(dut.word_ready_o.value) == 0
            self._wrote(sent, self.clock.cycle)

    def _told(self, segments, ready: list[int], loaded: int, now: int, base: int) -> None:
        """What rows see, FEED_LATENCY - 1 cycles behind what the loader has done."""
        seen = [t for t in ready if t + self.latency <= now]
        if seen:
            assert int(self.dut.segment_o.value) == segments[len(seen) - 1].flags, now
        if len(seen) == loaded < len(segments) and ready and now - ready[-1] >= self.latency:
            assert int(self.dut.coming_o.value) == segments[loaded].flags, now
        if loaded < len(segments) and loaded:
            tile = segments[loaded - 1].tile
            base = part(self.dut.bases_o, 16 * (tile & 3), 16)
            assert base == tile * self.told["LANES"], now

    def _wrote(self, sent: list[tuple[int, int, int]], now: int) -> None:
        due = [one for one in sent if one[0] + self.latency == now]
        assert int(self.dut.write_o.value) == bool(due), now
        if due:
            assert int(self.dut.write_address_o.value) == due[0][1], now
            assert int(self.dut.word_o.value) == due[0][2], now


@cocotb.test()
async def words_are_taken_when_a_half_is_free(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.clock.cycles(bench.latency)
    bench.clock.zero()
    for n in range(24):
        bench.starved = (0.0, 0.0, 0.4)[n % 3]
        bench.slow = (0, 3, 12)[n % 3]
        shape = Shape.drawn(bench.random, bench.told["DEPTH"], bench.told["STASH"])
        await bench.run_pass(shape)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 1, "LANES": 1, "DEPTH": 16, "STASH": 1},
        {"ROWS": 3, "LANES": 5, "DEPTH": 16, "STASH": 2, "FEED_LATENCY": 2},
        {"ROWS": 2, "LANES": 2, "DEPTH": 32, "STASH": 4, "FEED_LATENCY": 5},
    ],
)
def test_stream_loader(simulate, parameters):
    simulate("stream_loader", parameters)
