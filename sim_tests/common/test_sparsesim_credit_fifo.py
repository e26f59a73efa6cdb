"""sparsesim_credit_fifo.v: behind a pipeline that cannot stop nothing is lost, doubled or
reordered.
"""

from __future__ import annotations

from collections import deque

import cocotb
import pytest
from bench import Checker, Clock, Monitor, generator, is_high, parameters

LATENCY = 2  # from a push to the output


class Bench:
    """A sender that obeys credits, a pipeline, monitor and checker of what comes out.

    The sender's entries arrive exactly LATENCY cycles behind their credit, the latest that the
    module allows, and come out of the pipeline `pipeline` cycles later.
    """

    def __init__(self, dut, pipeline: int) -> None:
        told = parameters()
        self.dut = dut
        self.width, self.depth, self.latency = told["WIDTH"], told["DEPTH"], told["LATENCY"]
        self.clock = Clock(dut)
        self.checker = Checker("entries")
        self.monitor = Monitor(
            self.clock, dut.valid_o, {"data": dut.data_o}, self.checker, ready=dut.ready_i
        )
        self.pipeline = pipeline
        self.idle = 0.0
        self.pushes: list[int] = []
        self.left: deque[int] = deque()
        self.refused = 0  # cycles in which an entry waited for a credit
        self._random = generator(5)
        self._arriving: deque[int | None] = deque([None] * (self.latency - 1))
        self._inside: deque[int | None] = deque([None] * pipeline)
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while True:
            await self.clock.edge()
            entry = None
            if self.left and self._random.random() >= self.idle:
                if is_high(self.dut.credit_o):
                    entry = self.left.popleft()
                else:
                    self.refused += 1
            self._arriving.append(entry)
            arrives = self._arriving.popleft()
            self._inside.append(arrives)
            pushed = self._inside.popleft()
            self.dut.arrive_i.value = int(arrives is not None)
            self.dut.push_i.value = int(pushed is not None)
            if pushed is not None:
                self.dut.data_i.value = pushed
                self.pushes.append(self.clock.cycle + 1)

    async def passes(self, count: int) -> None:
        """Send that many entries; all come out."""
        entries = [
            int.from_bytes(self._random.bytes(self.width // 8 + 1), "little") % (1 << self.width)
            for _ in range(count)
        ]
        self.checker.expect({"data": entry} for entry in entries)
        self.left += entries
        await self.checker.done(self.clock, cycles=100 * count + 100)
        assert not is_high(self.dut.busy_o)


@cocotb.test()
async def entries_come_out_in_order_under_back_pressure(dut):
    bench = Bench(dut, pipeline=3)
    await bench.clock.reset()
    for bench.idle in (0.0, 0.5):
        for bench.monitor.stall in (0.0, 0.3, 0.7, 0.95):
            await bench.passes(200)
    assert bench.refused > 0


@cocotb.test()
async def a_long_stall_holds_all_that_may_be_on_its_way(dut):
    bench = Bench(dut, pipeline=6)
    await bench.clock.reset()
    bench.monitor.stall = 1.0
    entries = list(range(1, min(3 * bench.depth, 1 << bench.width)))
    bench.checker.expect({"data": entry} for entry in entries)
    bench.left += entries
    await bench.clock.cycles(6 * bench.depth + 20)
    assert not is_high(dut.credit_o)
    assert len(bench.pushes) == bench.depth, "the credits fill every place, and no more"
    bench.monitor.stall = 0.0
    await bench.checker.done(bench.clock, cycles=20 * bench.depth)


@cocotb.test()
async def an_entry_a_cycle_comes_out_two_cycles_behind_its_push(dut):
    told = parameters()
    pipeline = told["DEPTH"] - told["LATENCY"] - 5
    if pipeline < 0:
        return
    bench = Bench(dut, pipeline)
    await bench.clock.reset()
    await bench.clock.cycles(2)
    await bench.passes(100)
    assert bench.refused == 0
    assert bench.pushes == list(range(bench.pushes[0], bench.pushes[0] + 100))
    assert bench.monitor.cycles == [cycle + LATENCY for cycle in bench.pushes]


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    clock = Clock(dut)  # ready_i is low, and nobody watches: a reset may break the stream's law
    await clock.reset()
    dut.arrive_i.value = dut.push_i.value = 1
    await clock.cycles(3)
    dut.arrive_i.value = dut.push_i.value = 0
    await clock.cycles(2)
    assert is_high(dut.valid_o) and is_high(dut.busy_o)
    await clock.reset()
    await clock.cycles(2)
    assert is_high(dut.credit_o) and not is_high(dut.valid_o) and not is_high(dut.busy_o)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"WIDTH": 8, "DEPTH": 8, "LATENCY": 1}, {"DEPTH": 64, "LATENCY": 32, "WIDTH": 65}],
)
def test_sparsesim_credit_fifo(simulate, parameters):
    simulate("sparsesim_credit_fifo", parameters)
