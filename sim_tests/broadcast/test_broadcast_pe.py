"""broadcast_pe.v: activations take as long as they have entries, and sums are exact products."""

from __future__ import annotations

from collections import deque

import cocotb
import numpy as np
import pytest
from bench import Clock, generator, is_high, parameters, random_values, signed

from sparsesim.machines.broadcast.packing import pack_weights
from sparsesim.machines.broadcast.parameters import BroadcastArray


class Bench:
    """One PE with its store of entries, two cycles behind its address."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random, self.told = dut, Clock(dut), generator(), told
        self.rows, self.holds = told["PE_SUMS"], told["QUEUE_DEPTH"] - 1
        self.entries: list[int] = []
        self.works: list[int] = []  # cycles
        self.done: list[int] = []
        self.flags = {"no_entry": 0, "absent": 0, "effectual": 0, "padding": 0}

    async def edges(self, count: int = 1) -> None:
        """Clock edges; the store answers, what the PE does is noted."""
        dut = self.dut
        for _ in range(count):
            await self.clock.edge()
            self.addresses = (
                *getattr(self, "addresses", (0,))[-1:],
                int_or_none(dut.entry_address_o),
            )
            at = self.addresses[0]
            there = at is not None and at < len(self.entries)
            dut.entry_i.value = self.entries[at] if there else 0
            if is_high(dut.works_o):
                self.works.append(self.clock.cycle)
            if is_high(dut.done_o):
                self.done.append(self.clock.cycle)
            for name in self.flags:
                self.flags[name] += is_high(getattr(dut, f"{name}_o"))

    async def cleared(self) -> None:
        await self.clock.reset()
        for row in range(self.rows):
            self.dut.clear_i.value, self.dut.drain_row_i.value = 1, row
            await self.edges()
        self.dut.clear_i.value = 0

    async def sums(self, half: int) -> list[int]:
        """All sums of a half leave."""
        found = []
        for row in range(self.rows):
            self.dut.drain_i.value, self.dut.drain_half_i.value = 1, half
            self.dut.drain_row_i.value = row
            await self.edges()
            self.dut.drain_i.value = 0
            await self.edges(2)
            found.append(signed(int(self.dut.result_o.value), self.told["ACC_W"]))
        return found


def int_or_none(handle) -> int | None:
    return int(handle.value) if handle.value.is_resolvable else None


def wrapped(sums: np.ndarray, bits: int) -> list[int]:
    return [(int(s) + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1) for s in sums]


async def turn(bench: Bench, half: int, density: float, share: float) -> None:
    """Columns sent as fast as the queue takes them in a share of the cycles; then all compared."""
    told, random, dut = bench.told, bench.random, bench.dut
    columns = 30
    weights = random_values(random, (bench.rows, columns), density, told["WEIGHT_W"])
    acts = random_values(random, (columns,), 1.0, told["ACT_W"])
    array = BroadcastArray(pes=1, entry_run_bits=told["ENTRY_RUN_BITS"], pe_sums=bench.rows)
    pointers, entries, _ = pack_weights(weights.astype(np.int16), array, told["WEIGHT_W"])
    bench.entries = entries.tolist()
    bench.works.clear(), bench.done.clear()
    bench.flags = dict.fromkeys(bench.flags, 0)
    counts = pointers[0, :, 0, 0].tolist()
    to_write = deque(range(columns))
    written, taken, ends = 0, [], []  # the model's cycles
    absent = int(density == 0.0)
    for _ in range(5000):
        cycle = bench.clock.cycle + 1
        room = sum(pop >= cycle for pop in taken) < bench.holds
        writes = bool(to_write) and written - len(taken) < told["AHEAD"]
        pushes = written > len(taken) and room and random.random() < share
        if writes:
            k = to_write.popleft()
            dut.value_i.value = int(acts[k]) & (1 << told["ACT_W"]) - 1
            dut.count_i.value, dut.start_i.value = counts[k], int(pointers[0, k, 0, 1])
        dut.write_i.value, dut.half_i.value, dut.absent_i.value = writes, half, absent
        dut.push_i.value = pushes
        if pushes:
            taken.append(max(cycle, ends[-1] if ends else 0) + 1)
            ends.append(taken[-1] + max(1, counts[len(taken) - 1]) - 1)
        await bench.edges()
        assert is_high(dut.room_o) == room, f"cycle {cycle}"
        written += writes
        if len(ends) == columns and cycle == ends[-1]:
            break
    assert bench.done == ends
    dut.write_i.value = dut.push_i.value = 0
    await bench.edges(7)
    effectual, none = np.count_nonzero(weights), counts.count(0)
    assert bench.flags == {
        "no_entry": 0 if absent else told["COUNTERS_EN"] * none,
        "absent": told["COUNTERS_EN"] * none if absent else 0,
        "effectual": told["COUNTERS_EN"] * effectual,
        "padding": told["COUNTERS_EN"] * (len(entries) - effectual),
    }
    assert await bench.sums(half) == wrapped(weights @ acts, told["ACC_W"])


@cocotb.test()
async def columns_take_their_entries_and_sums_are_exact(dut):
    bench = Bench(dut)
    await bench.cleared()
    for number, density in enumerate((0.5, 0.05, 1.0, 0.0, 0.2, 0.02)):
        await turn(bench, number % 2, density, (1.0, 0.5, 0.2)[number % 3])


@cocotb.test()
async def pending_work_is_told_by_half_two_cycles_behind(dut):
    """An activation with one entry, of half 1, pushed in a cycle: taken in the next."""
    bench = Bench(dut)
    await bench.cleared()
    bench.entries = [1]
    dut.half_i.value, dut.count_i.value, dut.start_i.value, dut.value_i.value = 1, 1, 0, 1
    dut.write_i.value = 1
    await bench.edges()
    dut.write_i.value, dut.push_i.value = 0, 1
    await bench.edges()
    dut.push_i.value = 0
    seen = []
    for _ in range(4):
        await bench.edges()
        seen.append(int(dut.pending_o.value))
    assert seen == [0b00, 0b10, 0b00, 0b00]


@cocotb.test()
async def a_reset_drops_what_is_in_it(dut):
    bench = Bench(dut)
    await bench.cleared()
    bench.entries = [1] * 4
    dut.half_i.value, dut.count_i.value, dut.start_i.value, dut.value_i.value = 0, 1, 0, 1
    for write, push in ((1, 0), (1, 1), (0, 1)):
        dut.write_i.value, dut.push_i.value = write, push
        await bench.edges()
    dut.push_i.value = 0
    await bench.cleared()
    bench.works.clear()
    await bench.edges(8)
    assert bench.works == []
    await turn(bench, 0, 0.3, 1.0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"PE_SUMS": 3, "QUEUE_DEPTH": 4, "ENTRY_RUN_BITS": 2, "COUNTERS_EN": 0},
        {"PE_SUMS": 8, "QUEUE_DEPTH": 3, "ENTRY_RUN_BITS": 2},
        {"PE_SUMS": 1, "QUEUE_DEPTH": 2, "ENTRY_RUN_BITS": 1, "AHEAD": 1},
        {"PE_SUMS": 40, "QUEUE_DEPTH": 8, "ENTRY_RUN_BITS": 4, "ACC_W": 16},
        {"PE_SUMS": 5, "ENTRY_RUN_BITS": 8, "ACT_W": 16, "WEIGHT_W": 16, "ACC_W": 40},
    ],
)
def test_broadcast_pe(simulate, parameters):
    simulate("broadcast_pe", {"COUNTERS_EN": 1, **parameters})
