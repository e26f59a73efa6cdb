"""broadcast_drain.v: turns drain in order, six cycles behind their end, group by group."""

from __future__ import annotations

from collections import deque

import cocotb
import pytest
from bench import Clock, generator, is_high, parameters
from broadcast_shape import shape_words

from sparsesim.machines.broadcast.parameters import RESULT_LATENCY, BroadcastArray


def groups_of(array: BroadcastArray, filters: int) -> list[tuple[int, int, int]]:
    """Of a tile, as they leave: row, group, and which of its units have a filter."""
    found = []
    for row in range(-(-filters // array.pes)):
        there = min(array.pes, filters - row * array.pes)
        for group in range(-(-there // array.units)):
            valid = min(array.units, there - group * array.units)
            found.append((row, group, (1 << valid) - 1))
    return found


class Bench:
    """Plays PEs and sender: turns are looked through and end at random, two at most at once."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.array = BroadcastArray(pes=told["PES"], pe_sums=told["PE_SUMS"], units=told["UNITS"])
        self.half = 0  # of the next turn

    def set_shape(self, filters: int, positions: int, drains: bool) -> dict[str, int]:
        words = shape_words(self.array, filters, positions, 1, drains)
        for name in ("tiles", "positions", "full", "rest", "rest_groups", "drains"):
            getattr(self.dut, f"{name}_i").value = words[name]
        return words

    async def run(self, filters: int, positions: int, drains: bool, stall: float) -> None:
        """A pass."""
        dut, array, pes = self.dut, self.array, self.array.pes
        words = self.set_shape(filters, positions, drains)
        turns = deque(
            groups_of(array, min(array.tile_filters, filters - tile * array.tile_filters))
            for _ in range(positions)
            for tile in range(words["tiles"])
        )
        firsts = deque(
            tile * array.tile_filters for _ in range(positions) for tile in range(words["tiles"])
        )
        dut.start_i.value = 1
        await self.clock.edge()
        dut.start_i.value = 0
        first_cycle = self.clock.cycle + 1
        # Of each turn: its half, the cycles of its last look and last work of each PE.
        under_way: deque[tuple[int, int, list[int]]] = deque()
        begun, last_look, ended, drained = 0, -1, -1, -1
        history: deque[int] = deque([0, 0], maxlen=2)  # pending, of the two cycles before
        leaving: deque[tuple[int, int, int]] = deque()
        leaves_from, ready, filter_ = None, True, 0
        for cycle in range(3000):
            # A turn more, looked through behind the one before.
            starts = len(under_way) < 2 and begun < words["tiles"] * positions
            if starts and self.random.random() < 0.4:
                last_look = max(last_look, cycle) + int(self.random.integers(1, 5))
                work = [last_look + int(n) for n in self.random.integers(-3, 9, pes)]
                under_way.append((self.half, last_look, work))
                self.half ^= int(drains)
                begun += 1
            looked = [half for half, look, _ in under_way if look == cycle]
            dut.last_i.value, dut.half_i.value = int(bool(looked)), looked[0] if looked else 0
            # After cycle - 2 there was work left.
            dut.pending_i.value = history[0]
            pending = 0
            for half, _, work in under_way:
                for pe, end in enumerate(work):
                    pending |= int(end > cycle) << 2 * pe + half
            history.append(pending)
            was_ready = ready
            ready = self.random.random() >= stall
            dut.ready_i.value = int(ready)
            if leaves_from is None and under_way:
                half, look, work = under_way[0]
                end = max(look, *work)
                if look <= cycle and end <= cycle:
                    ended = max(ended, end)
                    leaves_from = max(ended + RESULT_LATENCY, drained + 1)
                    if drains:
                        leaving = deque(turns[0])
            await self.clock.edge()
            where = f"cycle {cycle} of the pass from {first_cycle} on"
            if not drains:
                over = leaves_from is not None and cycle == ended + RESULT_LATENCY - 1
                assert is_high(dut.ended_o) == over, where
                assert not is_high(dut.drain_o), where
                if over:
                    under_way.popleft()
                    return
                continue
            leaves = leaves_from is not None and cycle >= leaves_from and was_ready
            assert is_high(dut.drain_o) == leaves, where
            assert int(dut.valid_o.value) == (leaving[0][2] if leaves else 0), where
            is_last = leaves and len(leaving) == 1
            assert is_high(dut.drained_o) == is_last, where
            assert is_high(dut.ended_o) == (is_last and len(turns) == 1), where
            if not leaves:
                continue
            row, group, _ = leaving.popleft()
            assert int(dut.row_o.value) == row, where
            assert int(dut.group_o.value) == group, where
            filter_ = firsts[0] + row * pes + group * array.units
            assert int(dut.filter_o.value) == filter_, where
            assert int(dut.half_o.value) == under_way[0][0], where
            if is_last:
                turns.popleft(), firsts.popleft(), under_way.popleft()
                drained, leaves_from = cycle, None
            if not turns:
                return
        raise AssertionError("the pass did not end")


@cocotb.test()
async def turns_drain_in_order_and_in_time(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.clock.cycles(bench.array.pe_sums + 1)
    for number in range(12):
        filters = int(bench.random.integers(1, 2 * bench.array.tile_filters + 2))
        await bench.run(
            min(filters, 40), int(bench.random.integers(1, 4)), True, 0.3 * (number % 2)
        )
        if number % 3 == 0:
            await bench.run(1, 1, False, 0.0)


@cocotb.test()
async def all_rows_are_cleared_behind_a_reset(dut):
    bench = Bench(dut)
    for _ in range(2):
        await bench.clock.reset()
        for row in range(bench.array.pe_sums):
            await bench.clock.edge()
            assert is_high(dut.clear_o) and not is_high(dut.cleared_o)
            assert int(dut.row_o.value) == row
        await bench.clock.edge()
        assert not is_high(dut.clear_o) and is_high(dut.cleared_o)


@pytest.mark.parametrize(
    "parameters",
    [
        {"PES": 4, "PE_SUMS": 2, "UNITS": 2},
        {"PES": 5, "PE_SUMS": 3, "UNITS": 3},
        {"PES": 1, "PE_SUMS": 1, "UNITS": 1},
        {"PES": 3, "PE_SUMS": 20, "UNITS": 3},
        {"PES": 9, "PE_SUMS": 4, "UNITS": 1},
    ],
)
def test_broadcast_drain(simulate, parameters):
    simulate("broadcast_drain", parameters)
