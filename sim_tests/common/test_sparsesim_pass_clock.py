"""sparsesim_pass_clock.v: a pass is as long as its last event says, and ends when all is quiet."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, is_high, parameters

QUIET_CYCLES = 4  # from the last sign of work to the end, beside SETTLE: its registers


@dataclass(frozen=True)
class Cycle:
    """What the array shows in a cycle: bits of its PEs, rows and columns."""

    works: int = 0
    drained: int = 0
    rows_open: int = 0
    cols_open: int = 0


class Bench:
    """Plays the array's part of a pass and watches the clock."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.rows, self.cols, self.settle = told["ROWS"], told["COLS"], told["SETTLE"]
        self.clock = Clock(dut)
        self.random = generator()

    async def passes(self, cycles: list[Cycle], drains: bool) -> None:
        """A pass that shows this; its length and its end are right."""
        events = [n for n, c in enumerate(cycles) if (c.drained if drains else c.works)]
        # Work is registered once more than what is open.
        signs = [
            n + bool(c.works) for n, c in enumerate(cycles) if c.works or c.rows_open or c.cols_open
        ]
        length = events[-1] + 1 if events else 0
        start = -2  # the register before the last is set
        ends = max(signs, default=start) + self.settle + QUIET_CYCLES
        await self.start(drains)
        for number in range(max(ends, len(cycles)) + 4):
            assert number in (0, self.clock.cycle + 1)
            self.show(cycles[number] if number < len(cycles) else Cycle())
            await self.clock.edge()
            assert is_high(self.dut.busy_o) == (number < ends), f"cycle {number}"
        assert int(self.dut.cycles_o.value) == length

    async def start(self, drains: bool) -> None:
        """The next cycle is cycle 0."""
        self.dut.drains_i.value = int(drains)
        self.dut.start_i.value = 1
        await self.clock.edge()
        self.dut.start_i.value = 0
        self.clock.zero()

    def show(self, cycle: Cycle) -> None:
        """Drive the cycle that begins."""
        self.dut.works_i.value, self.dut.drained_i.value = cycle.works, cycle.drained
        self.dut.rows_open_i.value = cycle.rows_open
        self.dut.cols_open_i.value = cycle.cols_open

    def bits(self, width: int, probability: float) -> int:
        """One random bit, with that probability, else none."""
        is_set = self.random.random() < probability
        return int(is_set) << int(self.random.integers(width))

    def cycle(self, events: float, signs: float) -> Cycle:
        """Events and signs of work with these probabilities."""
        return Cycle(
            works=self.bits(self.rows * self.cols, events),
            drained=self.bits(self.cols, events),
            rows_open=self.bits(self.rows, signs / 2),
            cols_open=self.bits(self.cols, signs / 2),
        )


async def made(dut) -> Bench:
    """A bench out of reset."""
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.clock.edge()
    assert not is_high(dut.busy_o)
    return bench


@cocotb.test()
async def the_last_event_is_the_length(dut):
    bench = await made(dut)
    for drains in (True, False):
        for length in (1, 2, 3, 10, 40):
            for events in (0.2, 0.9):
                open_till_here = [bench.cycle(events, signs=2.0) for _ in range(length)]
                await bench.passes(open_till_here, drains)


@cocotb.test()
async def the_other_kind_of_event_does_not_count(dut):
    bench = await made(dut)
    works = [Cycle(works=1, rows_open=1)] * 5
    drained = [Cycle(drained=1, cols_open=1)] * 5
    for drains in (True, False):
        await bench.passes(works + drained, drains)
        await bench.passes(drained + works, drains)
        await bench.passes(works, drains)
        await bench.passes(drained, drains)


@cocotb.test()
async def every_row_and_column_is_seen(dut):
    bench = await made(dut)
    for pe in range(bench.rows * bench.cols):
        await bench.passes([Cycle(), Cycle(works=1 << pe)], drains=False)
    for row in range(bench.rows):
        await bench.passes([Cycle(works=1), Cycle(rows_open=1 << row)], drains=False)
    for col in range(bench.cols):
        await bench.passes([Cycle(), Cycle(drained=1 << col, cols_open=1 << col)], drains=True)


@cocotb.test()
async def a_pass_ends_only_after_that_many_quiet_cycles(dut):
    bench = await made(dut)
    work = Cycle(works=1, drained=1, rows_open=1)
    for quiet in (1, bench.settle - 2, bench.settle - 1):
        await bench.passes([work, *[Cycle()] * quiet, work, *[Cycle()] * quiet, work], True)
    await bench.passes([], True)
    await bench.passes([Cycle(drained=1)], True)


@cocotb.test()
async def events_behind_the_end_change_nothing(dut):
    bench = await made(dut)
    for drains in (True, False):
        await bench.passes([bench.cycle(1.0, 2.0) for _ in range(7)], drains)
        for _ in range(300):  # longer than the counter of quiet cycles can count
            bench.show(bench.cycle(0.5, 0.2))
            await bench.clock.edge()
            assert int(dut.cycles_o.value) == 7 and not is_high(dut.busy_o)
        bench.show(Cycle())
        await bench.clock.cycles(3)


@cocotb.test()
async def reset_ends_a_pass(dut):
    bench = await made(dut)
    await bench.start(drains=True)
    bench.show(Cycle(drained=1, cols_open=1))
    await bench.clock.cycles(4)
    assert is_high(dut.busy_o)
    bench.show(Cycle())
    await bench.clock.reset(cycles=3)
    await bench.clock.edge()
    assert not is_high(dut.busy_o)
    await bench.passes([bench.cycle(0.5, 2.0) for _ in range(9)], drains=True)


@pytest.mark.parametrize(
    "parameters", [{"ROWS": 2, "COLS": 3, "SETTLE": 4}, {"ROWS": 5, "COLS": 1, "SETTLE": 91}]
)
def test_sparsesim_pass_clock(simulate, parameters):
    simulate("sparsesim_pass_clock", parameters)
