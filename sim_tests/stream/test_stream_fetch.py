"""stream_fetch.v: fetches run when the law says, and read what they are of."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, parameters

from sparsesim.machines.stream.parameters import (
    FETCH_AFTER_LEAVING,
    FETCH_AFTER_START,
    RESULT_LATENCY,
)

READ = 2  # cycles from a fetch to its read


@dataclass
class Fetch:
    """One: its first cycle, place and first lane."""

    first: int
    place: int
    lane: int


class Bench:
    """Plays a row: items that are stashed, and items behind which a fetch follows.

    Attributes:
        last: the last cycle of a stashed item, of the one before the fetched one.
        fetch: under way, or behind.
        reads: lane and place of each cycle to come in which the stash is read.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.lanes, self.places = told["LANES"], 1 << told["PLACE_W"]
        self.stashed: int | None = None
        self.fetch: Fetch | None = None
        self.reads: dict[int, tuple[int, int]] = {}

    async def reset(self) -> None:
        await self.clock.reset()
        self.stashed = self.fetch = None
        self.reads.clear()
        self.quiet()

    def quiet(self) -> None:
        self.dut.fetch_i.value = self.dut.used_i.value = self.dut.stashed_i.value = 0

    @property
    def now(self) -> int:
        """The cycle that has begun."""
        return self.clock.cycle + 1

    async def cycle(self, stashes: bool = False, uses: bool = False) -> None:
        """One; what the module shows in it is right."""
        self.dut.stashed_i.value, self.dut.used_i.value = int(stashes), int(uses)
        if stashes:
            self.stashed = self.now
        await self.clock.edge()
        cycle, fetch = self.clock.cycle, self.fetch
        self.quiet()
        read = self.reads.pop(cycle, None)
        assert int(self.dut.read_o.value) == (read is not None), cycle
        if read is not None:
            assert (int(self.dut.read_lane_o.value), int(self.dut.read_place_o.value)) == read
        fetched = fetch is not None and cycle >= fetch.first + self.lanes - fetch.lane
        assert int(self.dut.fetched_o.value) == fetched, cycle
        if uses:
            self.fetch = None

    async def due(self, recent: bool) -> None:
        """A fetch is due in this cycle, as an item starts."""
        place = int(self.random.integers(self.places))
        lane = int(self.random.integers(self.lanes))
        first = self.now + FETCH_AFTER_START
        if recent and self.stashed is not None:
            first = max(first, self.stashed + RESULT_LATENCY + FETCH_AFTER_LEAVING)
        self.dut.fetch_i.value, self.dut.recent_i.value = 1, int(recent)
        self.dut.place_i.value, self.dut.first_lane_i.value = place, lane
        self.next = Fetch(first, place, lane)
        for n in range(lane, self.lanes):
            self.reads[first + READ + n - lane] = n, place

    async def round(self, recent: bool, since: int, again: int | None) -> None:
        """A stashed item, `since` cycles later an item with a fetch behind it, `again` cycles later
        another stashed one; then the fetched sum is used."""
        await self.cycle(stashes=True)
        for _ in range(since):
            await self.cycle()
        await self.due(recent)
        self.fetch = self.next
        behind = 0
        while self.now < self.fetch.first + self.lanes - self.fetch.lane:
            await self.cycle(stashes=behind == again and behind > 0)
            behind += 1
        for _ in range(int(self.random.integers(3))):
            await self.cycle()
        await self.cycle(uses=True)


@cocotb.test()
async def fetches_run_when_the_law_says(dut):
    bench = Bench(dut)
    await bench.reset()
    for recent in (True, False):
        for since in range(12):
            for again in (None, 1, 2, 5, 7):
                await bench.round(recent, since, again)


@cocotb.test()
async def a_fetch_of_another_pass_waits_for_nothing(dut):
    bench = Bench(dut)
    await bench.reset()
    await bench.due(recent=False)
    bench.fetch = bench.next
    assert bench.fetch.first == FETCH_AFTER_START
    for _ in range(bench.lanes + 6):
        await bench.cycle()
    await bench.cycle(uses=True)


@cocotb.test()
async def an_item_may_use_a_sum_and_have_the_next_fetched(dut):
    bench = Bench(dut)
    await bench.reset()
    await bench.round(False, 3, None)
    await bench.due(recent=False)
    bench.fetch = bench.next
    for _ in range(bench.lanes + 3):
        await bench.cycle()
    for _ in range(5):
        await bench.due(recent=False)
        follows = bench.next
        await bench.cycle(uses=True)
        bench.fetch = follows
        while bench.now < follows.first + bench.lanes - follows.lane:
            await bench.cycle()


@cocotb.test()
async def reset_forgets_what_is_due(dut):
    bench = Bench(dut)
    await bench.reset()
    for cycles in range(6):
        await bench.cycle(stashes=True)
        await bench.due(recent=False)
        bench.fetch = bench.next
        for _ in range(cycles):
            await bench.cycle()
        bench.quiet()
        await bench.reset()
        for _ in range(bench.lanes + 6):
            await bench.cycle()


@pytest.mark.parametrize(
    "parameters", [{"LANES": 1, "PLACE_W": 1}, {"LANES": 2}, {"LANES": 7, "PLACE_W": 3}]
)
def test_stream_fetch(simulate, parameters):
    simulate("stream_fetch", parameters)
