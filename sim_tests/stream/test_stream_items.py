"""stream_items.v: items in their order, taken when they may be, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, parameters


@dataclass(frozen=True)
class Item:
    """A row's: its round, how its sum starts, what becomes of it.

    Attributes:
        start: zero, on (it goes on), fetched.
        fetch: the round whose fetch follows as it begins; None: no fetch follows.
        recent: that one is the last that was stashed.
    """

    round: int
    start: str
    captured: bool
    ends: bool
    fetch: int | None = None
    recent: bool = False


@dataclass(frozen=True)
class Segment:
    """The row's items of it, and what the loader says."""

    items: tuple[Item, ...]
    flags: int
    is_last_block: bool
    is_edge: int
    tile: int


@dataclass(frozen=True)
class Shape:
    """Of a pass, as a row sees it; a random one that a pass can have."""

    rounds: int
    in_last: bool
    blocks: int
    tiles: int
    chunked: bool
    continues: bool
    drains: bool
    has_edge: bool

    @classmethod
    def drawn(cls, random, stash: int) -> Shape:
        kind = int(random.integers(4))  # one block; blocks; a pass that continues; one that stays
        single = kind >= 2  # one tile and one chunk
        most = stash if single else 3 * stash
        return cls(
            rounds=int(random.integers(1, most, endpoint=True)),
            in_last=bool(random.random() < 0.6),
            blocks=1 if kind == 0 else int(random.integers(1, 5)),
            tiles=1 if single else int(random.integers(1, 6)),
            chunked=kind != 0,
            continues=kind == 2,
            drains=kind < 3 and bool(kind != 2 or random.random() < 0.7),
            has_edge=bool(random.random() < 0.5),
        )

    def segments(self, stash: int):
        """Of the pass, in order."""
        last = self.rounds - 1
        chunk = stash if self.chunked else self.rounds
        starts = list(range(0, self.rounds, chunk))
        for tile in range(self.tiles):
            for first in starts:
                rounds = list(range(first, min(first + chunk, self.rounds)))
                mine = [r for r in rounds if r < last or self.in_last]
                for block in range(self.blocks):
                    edge = int(self.has_edge and tile == self.tiles - 1)
                    flags = (block == 0) | (block == self.blocks - 1) << 1 | (block & 1) << 2
                    flags |= (first == starts[-1]) << 3 | edge << 4 | (rounds == [last]) << 5
                    flags |= (tile & 3) << 6
                    items = tuple(self._items(mine, block))
                    yield Segment(items, flags, block == self.blocks - 1, edge, tile & 3)

    def _items(self, mine: list[int], block: int):
        order = mine[::-1] if block & 1 else mine
        is_last_block = block == self.blocks - 1
        for n, round_ in enumerate(order):
            ends = n == len(order) - 1
            if block == 0:
                start = "fetched" if self.continues else "zero"
            else:
                start = "on" if n == 0 else "fetched"
            fetch, recent = None, False
            if start != "on":
                if not ends:
                    fetch = order[n + 1] if start == "fetched" else None
                elif not is_last_block and n > 0:
                    fetch, recent = order[n - 1], True
            yield Item(round_, start, is_last_block or not ends, ends, fetch, recent)


class Bench:
    """Plays loader, fetches, result registers and the stream of entries."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.stash, self.bits = told["STASH"], told["ROUND_W"]
        self.loaded = self.done = 0  # segments, since reset
        self.likely = 1.0  # that something that may be is, in a cycle

    def chance(self) -> bool:
        return bool(self.random.random() < self.likely)

    def turns(self, count: int) -> int:
        """Of the two halves, behind so many segments."""
        return (count + 1 >> 1 & 1) | (count >> 1 & 1) << 1

    async def run_pass(self, shape: Shape) -> int:
        """One; gives the items that were taken."""
        dut, segments = self.dut, list(shape.segments(self.stash))
        keep = (1 << self.bits) - 1
        mine = shape.rounds if shape.in_last else shape.rounds - 1
        dut.drains_i.value, dut.chunked_i.value = int(shape.drains), int(shape.chunked)
        dut.continues_i.value, dut.in_last_i.value = int(shape.continues), int(shape.in_last)
        dut.one_round_i.value, dut.before_last_i.value = int(mine == 1), mine - 2 & keep
        self.offer(segments, 0, False)
        dut.begins_i.value, dut.entry_valid_i.value = 1, 0
        await self.clock.edge()
        dut.begins_i.value = 0
        base, ready, taken = self.done, 0, 0
        for segment in segments:
            if not segment.items:
                while ready <= self.done - base:
                    ready = await self.idle(segments, ready, takes=False)
                self.offer(segments, ready, False)
                dut.entry_valid_i.value = 0
                await self.clock.edge()
                assert (int(dut.here_o.value), int(dut.skip_o.value)) == (1, 1)
                self.done += 1
                continue
            for item in segment.items:
                ready = await self.item(segments, segment, item, ready, base)
                taken += 1
            self.done += 1
        self.offer(segments, ready, False)
        dut.entry_valid_i.value = 0
        await self.clock.edge()
        assert int(dut.done_o.value) == self.turns(self.done)
        assert int(dut.here_o.value) == 0
        return taken

    def offer(self, segments, ready: int, may_load: bool) -> int:
        """What the loader says when so many segments of the pass are loaded.

        Args:
            may_load: the next one may be loaded in this cycle, where its half is free.
        Returns:
            how many are loaded in the next cycle.
        """
        free = ready < len(segments) and self.loaded - self.done < 2
        loads = may_load and free and self.chance()
        self.loaded += loads
        self.dut.loaded_next_i.value = self.turns(self.loaded)
        coming = segments[ready].flags if ready < len(segments) else 0xFF
        self.dut.coming_i.value = coming
        self.dut.segment_i.value = segments[ready - 1].flags if ready else 0xFF
        return ready + loads

    async def idle(self, segments, ready: int, takes: bool) -> int:
        """A cycle in which the row's segment is not there; the loader may end it."""
        ready = self.offer(segments, ready, True)
        self.dut.entry_valid_i.value = 1
        self.dut.entry_last_i.value = int(self.random.integers(2))
        await self.clock.edge()
        assert int(self.dut.take_o.value) == 0
        return ready

    async def item(self, segments, segment, item: Item, ready: int, base: int) -> int:
        """All cycles of one, and those before."""
        dut = self.dut
        left, mid = int(self.random.choice([1, 1, 2, 5])), False
        fetched = False
        while left:
            here = self.loaded > self.done
            valid, free = self.chance(), self.chance()
            fetched = fetched or self.chance()
            may = mid or (here and (item.start != "fetched" or fetched))
            takes = valid and may and (left > 1 or free or not item.captured)
            # The half is given back before the next is loaded.
            ready = self.offer(segments, ready, not (takes and left == 1 and item.ends))
            dut.entry_valid_i.value, dut.entry_last_i.value = int(valid), int(left == 1)
            dut.free_i.value = int(free)
            dut.fetched_i.value = int(fetched) if item.start == "fetched" else int(self.chance())
            await self.clock.edge()
            cycle = self.clock.cycle
            assert int(dut.item_ready_o.value) == may, cycle
            assert int(dut.take_o.value) == takes, cycle
            assert int(dut.entry_ready_o.value) == (may and (left > 1 or free or not item.captured))
            assert int(dut.here_o.value) == here, cycle
            assert int(dut.done_o.value) == self.turns(self.done), cycle
            begins, last = takes and not mid, takes and left == 1
            assert int(dut.from_start_o.value) == (begins and item.start != "on"), cycle
            assert int(dut.from_fetched_o.value) == (begins and item.start == "fetched"), cycle
            assert int(dut.fetch_o.value) == (begins and item.fetch is not None), cycle
            if begins and item.fetch is not None:
                place = item.fetch % self.stash
                assert (int(dut.fetch_place_o.value), int(dut.fetch_recent_o.value)) == (
                    place,
                    item.recent,
                ), cycle
            assert int(dut.last_o.value) == last, cycle
            assert int(dut.ends_o.value) == (last and item.ends), cycle
            assert int(dut.capture_o.value) == (last and item.captured), cycle
            if takes:
                assert int(dut.half_o.value) == self.done & 1, cycle
                assert int(dut.edge_o.value) == segment.is_edge, cycle
                assert int(dut.tile_o.value) == segment.tile, cycle
                assert int(dut.round_o.value) == item.round, cycle
                to_unit = segment.is_last_block and int(dut.drains_i.value)
                assert int(dut.to_unit_o.value) == to_unit, cycle
                left, mid = left - 1, True
        return ready


@cocotb.test()
async def items_come_in_their_order_when_they_may(dut):
    bench = Bench(dut)
    dut.loaded_next_i.value = 0
    await bench.clock.reset()
    taken = 0
    for n in range(120):
        bench.likely = (1.0, 0.7, 0.3)[n % 3]
        taken += await bench.run_pass(Shape.drawn(bench.random, bench.stash))
    assert taken > 300


@pytest.mark.parametrize("parameters", [{"STASH": 1}, {"STASH": 2}, {"STASH": 4, "ROUND_W": 6}])
def test_stream_items(simulate, parameters):
    simulate("stream_items", parameters)
