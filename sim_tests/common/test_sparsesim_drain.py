"""sparsesim_drain.v: results leave in order, one a cycle, as early as the model says."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cocotb
import pytest
from bench import Clock, generator, mask, parameters


@dataclass
class Row:
    """The PE of a row, as far as a drain sees it.

    Attributes:
        left: for each result to come: is it its tile's last?
        may_end: the first cycle in which its work on the next may end.
        ended: the cycle in which the work on the result that waits ended; None: none waits.
        is_final: of the result that waits.
        produced: results so far.
        drained: likewise.
    """

    left: deque[bool] = field(default_factory=deque)
    may_end: int = 0
    ended: int | None = None
    is_final: bool = False
    produced: int = 0
    drained: int = 0


class Bench:
    """Plays the column's PEs, one cycle after the other, and compares what is drained.

    Args:
        dut: the module.
    Attributes:
        pause: a PE's work ends up to so many cycles later than it could.
        stall: probability that ready is low in a cycle.
        drains: the cycle and the row of each drain.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.latency = told["PE_LATENCY"]
        self.clock = Clock(dut)
        self.random = generator()
        self.pause, self.stall = 0, 0.0
        self.rows = [Row() for _ in range(told["ROWS"])]
        self.order: deque[int] = deque()
        self.drains: list[tuple[int, int]] = []
        self._was_ready = False

    async def reset(self) -> None:
        """No result waits, none is to come."""
        self.dut.produced_i.value = 0
        self.dut.ready_i.value = 0
        await self.clock.reset()
        self.rows = [Row() for _ in self.rows]
        self.order.clear()
        self.drains.clear()
        self._was_ready = False

    def expect(self, tiles: list[int]) -> None:
        """Tiles with so many active rows come next."""
        for active in tiles:
            for row in range(active):
                self.order.append(row)
                self.rows[row].left.append(row == active - 1)

    async def cycles(self, count: int) -> None:
        """So many cycles; the drain does what the model says in each."""
        for _ in range(count):
            await self._cycle(self.clock.cycle + 1)

    async def passes(self, tiles: list[int]) -> None:
        """All results of these tiles are drained, and nothing else."""
        self.expect(tiles)
        for _ in range(10_000):
            if not self.order:
                break
            await self.cycles(1)
        assert not self.order
        await self.cycles(self.latency + 2)

    async def _cycle(self, now: int) -> None:
        for row in self.rows:
            if row.left and row.ended is None and now >= row.may_end:
                row.ended, row.is_final = now, row.left.popleft()
                row.produced += 1
        is_ready = self.random.random() >= self.stall
        self._drive(now, is_ready)
        row = self.rows[self.order[0]] if self.order else None
        drains = (
            row is not None
            and row.ended is not None
            and now >= row.ended + self.latency
            and self._was_ready
        )
        turns = mask([row.drained & 1 for row in self.rows])  # told a cycle behind
        await self.clock.edge()
        assert int(self.dut.valid_o.value) == drains, f"cycle {now}"
        assert int(self.dut.drained_o.value) == turns, f"cycle {now}"
        if drains:
            assert int(self.dut.row_o.value) == self.order[0], f"cycle {now}"
            assert int(self.dut.last_o.value) == row.is_final, f"cycle {now}"
            self.drains.append((now, self.order.popleft()))
            row.ended, row.drained = None, row.drained + 1
            row.may_end = now + 1 + int(self.random.integers(self.pause, endpoint=True))
        self._was_ready = is_ready

    def _drive(self, now: int, is_ready: bool) -> None:
        """A result's turn shows in the cycle behind its end, whether it is final a cycle later."""
        turns = [row.produced - (row.ended == now) & 1 for row in self.rows]
        finals = [
            row.is_final if row.ended is not None and now >= row.ended + 2 else self._noise()
            for row in self.rows
        ]
        self.dut.produced_i.value = mask(turns)
        self.dut.final_i.value = mask(finals)
        self.dut.ready_i.value = int(is_ready)

    def _noise(self) -> bool:
        return bool(self.random.integers(2))


async def made(dut) -> Bench:
    """A bench out of reset."""
    bench = Bench(dut)
    await bench.reset()
    return bench


@cocotb.test()
async def results_leave_in_order_as_early_as_they_may(dut):
    bench = await made(dut)
    rows = len(bench.rows)
    for bench.pause in (0, 1, 2 * rows + 4, 30):
        active = bench.random.integers(1, rows, 12, endpoint=True).tolist()
        await bench.passes([rows, rows, *active, 1, rows])


@cocotb.test()
async def results_that_are_all_there_leave_one_a_cycle(dut):
    bench = await made(dut)
    bench.expect([len(bench.rows)])
    await bench.cycles(len(bench.rows) + bench.latency + 1)
    assert bench.drains == [(bench.latency + row, row) for row in range(len(bench.rows))]


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = await made(dut)
    if len(bench.rows) < 2 or bench.latency != 3:
        return
    bench.rows[0].may_end, bench.rows[1].may_end = 5, 3
    await bench.passes([2])
    assert bench.drains == [(8, 0), (9, 1)]


@cocotb.test()
async def a_stalled_drain_waits_and_loses_nothing(dut):
    bench = await made(dut)
    for bench.stall in (0.3, 0.9):
        for bench.pause in (0, 9):
            active = bench.random.integers(1, len(bench.rows), 10, endpoint=True).tolist()
            await bench.passes(active)
    bench.stall = 1.0
    bench.expect([1, 1])
    await bench.cycles(40)
    assert len(bench.order) == 2
    bench.stall = 0.0
    await bench.passes([])


@cocotb.test()
async def reset_forgets_what_waits(dut):
    bench = await made(dut)
    rows = len(bench.rows)
    for cycles in (bench.latency - 1, bench.latency, bench.latency + 1, 2 * bench.latency + rows):
        bench.expect([rows, 1, rows])
        await bench.cycles(cycles)
        await bench.reset()
        await bench.cycles(bench.latency + 2)
    await bench.passes([rows, 1, rows])


@pytest.mark.parametrize(
    "parameters",
    [{"ROWS": 1}, {"ROWS": 3}, {"ROWS": 8, "PE_LATENCY": 4}, {"ROWS": 5, "PE_LATENCY": 9}],
)
def test_sparsesim_drain(simulate, parameters):
    simulate("sparsesim_drain", parameters)
