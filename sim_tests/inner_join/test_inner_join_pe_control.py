"""inner_join_pe_control.v: starts, pairs and ends of windows are the clocked machine's, cycle by
cycle.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import cocotb
import pytest
from bench import DENSITIES, Clock, generator, pack, parameters, unpack
from inner_join_pe_model import PeModel, Step, multiplied
from inner_join_pe_stimuli import BOTH, Machine, Shape, Window, random_shape, windows_of

LIMIT = 20_000  # cycles that no pass here takes


class Bench:
    """Offers windows as the fetch does, one after the other; the model says what they become."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.random = dut, generator()
        self.machine = Machine.of(told)
        self.index_bits = max(1, (self.machine.window - 1).bit_length())
        self.clock = Clock(dut)
        self.model = PeModel(self.machine)
        self.idle = 0.0  # probability that the next window is not there yet
        self.wait = 0.0  # probability that a result is not drained where it could be
        self._offered: Window | None = None

    async def reset(self) -> None:
        """What was offered is given up."""
        self.dut.rst_ni.value = 0
        await self.clock.edge()
        self.dut.rst_ni.value = 1
        self.dut.there_i.value = self.dut.pending_i.value = 0
        self.clock.zero()
        self.model = PeModel(self.machine)
        self._offered = None

    async def run(self, windows: Sequence[Window], cycles: int = LIMIT) -> None:
        """Windows of a pass, to the drain of its last result or for that many cycles."""
        self.model.begin(windows)
        self.dut.last_length_i.value = min(window.length for window in windows)
        for _ in range(cycles):
            if self.model.is_over:
                return
            await self.cycle()
        assert cycles < LIMIT, f"the pass was not over within {LIMIT} cycles"

    async def cycle(self) -> None:
        """A cycle, its ports checked."""
        now = self.clock.cycle + 1
        model, number = self.model, self.model.pushed[0]
        is_next = self._offered is None and number < len(model.windows)
        if is_next and self.random.random() >= self.idle:
            self._offered = model.windows[number]
            model.push(0, now)
            model.push(1, now)
        self._drive(self._offered)
        await self.clock.edge()
        step = model.act(now)
        self._check(now, step)
        if step.done or not step.there:
            self._offered = None
        if model.can_drain(now) and self.random.random() >= self.wait:
            model.drain()
        self.dut.pending_i.value = model.has_result

    def _drive(self, window: Window | None) -> None:
        dut, size = self.dut, self.machine.window
        dut.there_i.value = window is not None
        if window is None:
            noise = self.random.integers(0, 2, size + 2).tolist()
            dut.active_i.value, dut.last_i.value = noise[:2]
            dut.pairs_i.value = pack(noise[2:], 1)
            return
        dut.active_i.value, dut.last_i.value = window.active, window.last
        if self.machine.skipping == "none":  # the length tells
            dut.pairs_i.value = pack([window.active] * size, 1)
        else:
            dut.pairs_i.value = sum(1 << k for k in multiplied(window, self.machine.skipping))

    def _check(self, cycle: int, step: Step) -> None:
        expected = {
            "work_o": step.work,
            "done_o": step.done,
            "blocked_o": step.blocked,
            "take_o": step.done or not step.there,
        }
        if step.window is not None:
            expected |= {"active_o": step.window.active, "last_o": step.window.last}
        for port, value in expected.items():
            seen = getattr(self.dut, port).value
            assert seen == value, f"cycle {cycle}: {port} is {seen}, not {int(value)}"
        if step.work:
            valid = int(self.dut.valid_o.value)
            assert valid == (1 << len(step.taken)) - 1, f"cycle {cycle}: lanes {valid:b}"
            if step.taken:
                index = self.dut.index_o.value
                index = unpack(int(index), self.index_bits, self.machine.lanes)
                assert tuple(index[: len(step.taken)]) == step.taken, f"cycle {cycle}"


@cocotb.test()
async def windows_start_and_end_when_the_models_do(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for density in (*DENSITIES.values(), None, None):
        for bench.idle in (0.0, 0.5, 0.9):
            for bench.wait in (0.0, 0.8, 0.95):
                shape = random_shape(bench.random, bench.machine, density)
                await bench.run(windows_of(bench.random, bench.machine, shape))


@cocotb.test()
async def passes_that_do_not_end_their_tile_never_wait(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for density in DENSITIES.values():
        shape = Shape([BOTH], 4, bench.machine.window, False, (density, density))
        await bench.run(windows_of(bench.random, bench.machine, shape))


@cocotb.test()
async def a_reset_in_the_middle_leaves_nothing_behind(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    bench.wait = 0.9
    for idle in (0.0, 0.5) * 10:
        bench.idle = idle
        shape = Shape([BOTH] * 3, 2, bench.machine.window, densities=(1.0, 0.5))
        cycles = int(bench.random.integers(1, 6 * bench.machine.window))
        await bench.run(windows_of(bench.random, bench.machine, shape), cycles)
        await bench.reset()
        if idle:
            await bench.cycle()
        await bench.run(windows_of(bench.random, bench.machine, shape))


TABLE = [
    {"WINDOW": 6, "LANES": 2},
    {"WINDOW": 5, "LANES": 3, "SKIPPING": 0},
    {"WINDOW": 4, "LANES": 4, "SKIPPING": 0},
]
WIDE = [
    {"WINDOW": window, "LANES": lanes, "SKIPPING": scheme}
    for scheme in range(4)
    for window, lanes in ((1, 1), (3, 3), (16, 1), (64, 3))
]


@pytest.mark.parametrize(
    "parameters",
    TABLE + (WIDE if float(os.environ.get("SPARSESIM_EXAMPLES", "1")) > 1 else []),
)
def test_inner_join_pe_control(simulate, parameters):
    simulate("inner_join_pe_control", parameters)
