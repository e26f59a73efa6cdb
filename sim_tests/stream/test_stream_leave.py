"""stream_leave.v: results leave when the law says, and the next item is captured in time."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, parameters

from sparsesim.machines.stream.parameters import RESULT_LATENCY

CAPTURE = 6  # cycles from an item's last entry to the one at whose end its sums are captured
ASKS = 2  # cycles from it to the one in which a unit is told that it will be asked


@dataclass
class Item:
    """A captured one: the cycle of its last entry, where it goes, its first cycle of leaving."""

    last: int
    to_unit: int
    lane: int
    round: int
    tile: int
    leaves: int | None = None


class Bench:
    """Plays the row's items and the unit's grants; asserts each cycle.

    Attributes:
        eager: probability that an item ends in a cycle in which it may.
        generous: probability that a unit grants in a cycle in which it is asked.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.lanes, self.rounds = told["LANES"], 1 << told["ROUND_W"]
        self.eager = self.generous = 1.0
        self.items: list[Item] = []
        self.seen = 0

    async def reset(self) -> None:
        self.dut.capture_i.value = self.dut.grant_i.value = 0
        await self.clock.reset()
        self.items = []

    def drained(self, item: Item) -> int:
        assert item.leaves is not None
        return item.leaves + self.lanes - item.lane - 1

    def is_free(self, cycle: int) -> bool:
        """May an item end in this cycle?"""
        if not self.items:
            return True
        item = self.items[-1]
        if item.leaves is None:
            return False
        return cycle >= max(item.leaves, self.drained(item) - RESULT_LATENCY + 1)

    async def cycle(self, ends: bool | None = None) -> None:
        dut, now = self.dut, self.clock.cycle + 1
        waiting = [item for item in self.items if item.leaves is None]
        for item in waiting:
            if not item.to_unit and now == item.last + RESULT_LATENCY - 1:
                item.leaves = now + 1
        asks = [item for item in waiting if item.to_unit and now >= item.last + RESULT_LATENCY - 1]
        grants = bool(asks) and self.random.random() < self.generous
        if grants:
            asks[0].leaves = now + 1
        free = self.is_free(now)
        if ends is None:
            ends = free and self.random.random() < self.eager
        item = Item(now, *(int(self.random.integers(n)) for n in (2, self.lanes, self.rounds, 4)))
        dut.capture_i.value = int(ends)
        dut.to_unit_i.value, dut.first_lane_i.value = item.to_unit, item.lane
        dut.round_i.value, dut.tile_i.value = item.round, item.tile
        dut.grant_i.value = int(grants)
        await self.clock.edge()
        assert int(dut.free_o.value) == free, now
        told_ahead = any(i.to_unit and now == i.last + ASKS for i in waiting)
        assert int(dut.asks_o.value) == told_ahead, now
        for item in waiting:
            if now >= item.last + ASKS:
                flags = int(dut.one_o.value), int(dut.two_o.value)
                assert flags == tuple(self.lanes - item.lane == n for n in (1, 2)), now
        captures = any(item.last + CAPTURE == now for item in self.items)
        assert int(dut.capture_o.value) == captures, now
        self.leaving(now)
        if ends:
            self.items.append(item)

    def leaving(self, now: int) -> None:
        dut = self.dut
        out = [i for i in self.items if i.leaves is not None and i.leaves <= now <= self.drained(i)]
        assert int(dut.leaving_o.value) == bool(out), now
        last = bool(out) and now == self.drained(out[0])
        assert int(dut.last_o.value) == last, now
        ends = bool(out) and out[0].to_unit and now == self.drained(out[0]) - 2
        assert int(dut.ends_o.value) == ends, now
        if out:
            lane = out[0].lane + now - out[0].leaves
            got = (dut.lane_o, dut.to_unit_o, dut.round_o, dut.tile_o)
            wanted = (lane, out[0].to_unit, out[0].round, out[0].tile)
            assert tuple(int(port.value) for port in got) == wanted, now
            self.seen += 1
        inside = any(
            i.leaves is None or now <= max(self.drained(i), i.last + CAPTURE) for i in self.items
        )
        assert int(dut.open_o.value) == inside, now


@cocotb.test()
async def results_leave_and_registers_are_free_when_the_law_says(dut):
    bench = Bench(dut)
    await bench.reset()
    for bench.eager in (1.0, 0.3, 0.05):
        for bench.generous in (1.0, 0.4, 0.1):
            for _ in range(250):
                await bench.cycle()
    assert bench.seen > 200


@cocotb.test()
async def reset_forgets_what_waits(dut):
    bench = Bench(dut)
    await bench.reset()
    for cycles in range(RESULT_LATENCY + 3):
        await bench.cycle(ends=True)
        bench.generous = 0.0
        for _ in range(cycles):
            await bench.cycle(ends=False)
        await bench.reset()
        for _ in range(3):
            await bench.cycle(ends=False)


@pytest.mark.parametrize(
    "parameters",
    [
        {"LANES": 1, "ROUND_W": 4},
        *({"LANES": lanes} for lanes in (2, 3, 4, 5, 6, 8, 17)),
    ],
)
def test_stream_leave(simulate, parameters):
    simulate("stream_leave", parameters)
