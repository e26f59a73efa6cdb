"""inner_join_fetch.v: the next window's place, flags and pairs, in the cycle of its later half's
push.
"""

from __future__ import annotations

import os

import cocotb
import pytest
from bench import DENSITIES, Clock, generator, is_high, pack, parameters
from inner_join_pe_lines import Line, pointer
from inner_join_pe_model import multiplied
from inner_join_pe_stimuli import (
    BOTH,
    Machine,
    Shape,
    Window,
    flags,
    halves_of,
    random_shape,
    windows_of,
)

IDLES = ((0.0, 0.0), (0.5, 0.5), (0.0, 0.9), (0.9, 0.0))
"""Probabilities that weights and that activations are not pushed where they could be."""


class Bench:
    """Two feeders, and a control that takes windows and is done with them at random times."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.random = dut, generator()
        self.machine, self.counts = Machine.of(told), bool(told["COUNTERS_EN"])
        self.clock = Clock(dut)
        self.lines = [
            Line(dut, name, 1, self.machine.queue_depth, self.random) for name in ("weight", "act")
        ]
        self.work = 0.5  # probability that a window goes on in a cycle
        self.bypassed = 0  # windows that were taken in the cycle of their last push
        self.begin([])
        self.taken = self.done = 0  # since the reset

    def begin(self, windows: list[Window]) -> None:
        """These come next."""
        self.windows = windows
        self.flags = [flags(self.random, windows, n) for n in range(len(windows))]
        self.pushed = [0, 0]  # of these
        self.before = getattr(self, "taken", 0)  # windows of earlier passes

    async def reset(self) -> None:
        """Feeders are reset along."""
        self.dut.rst_ni.value = 0
        await self.clock.edge()
        for line in self.lines:
            line.rest(0)
        self.dut.rst_ni.value = 1
        self.taken = self.done = 0
        self.begin([])

    async def run(self, windows: list[Window], cycles: int = 20_000) -> None:
        """A pass, until all windows were taken and done, or for that many cycles."""
        self.begin(windows)
        for _ in range(cycles):
            if self.done - self.before == len(windows):
                return
            await self.cycle()
        assert cycles < 20_000, "the pass was not over"

    async def cycle(self) -> None:
        """A cycle, its ports checked."""
        pushed_before = min(self.pushed)
        for number, line in enumerate(self.lines):
            self._feed(number, line)
        # A window in work is done, or none is in work: the next one may be taken.
        takes = self.random.random() >= self.work
        self.dut.take_i.value = takes
        await self.clock.edge()
        is_there = self._check()
        if takes:
            self.done = self.taken
            if is_there:
                self.bypassed += self.taken - self.before == pushed_before
                self.taken += 1

    def _feed(self, number: int, line: Line) -> None:
        count = self.pushed[number]
        total = self.before + count
        is_full = total - self.done == self.machine.queue_depth
        if count == len(self.windows) or is_full or not line.wants():
            line.rest(total)
            return
        told = self.flags[count][number][: 4 if number == 0 else 2]
        line.push(total, halves_of(self.windows[count])[number], told)
        self.pushed[number] += 1

    def _check(self) -> bool:
        """Whether the next window is there."""
        number = self.taken - self.before
        is_there = min(self.pushed) > number
        assert is_high(self.dut.there_o) == is_there
        assert int(self.dut.pointer_o.value) == pointer(self.taken, self.machine.queue_depth)
        if not is_there:
            return False
        window = self.windows[number]
        (_, _, weight_next, more, _), (_, act_next) = self.flags[number]
        ahead = [weight_next and act_next, more] if self.counts else [False, False]
        assert int(self.dut.flags_o.value) == pack([window.active, window.last, *ahead], 1)
        if self.machine.skipping == "none":
            pairs = pack([window.active] * self.machine.window, 1)
        else:
            pairs = sum(1 << k for k in multiplied(window, self.machine.skipping))
        assert int(self.dut.pairs_o.value) == pairs
        return True


@cocotb.test()
async def windows_come_in_order_as_soon_as_both_halves_are_there(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for density in (*DENSITIES.values(), None):
        for bench.work in (0.0, 0.5, 0.9):
            for bench.lines[0].idle, bench.lines[1].idle in IDLES:
                shape = random_shape(bench.random, bench.machine, density)
                await bench.run(windows_of(bench.random, bench.machine, shape))
    assert bench.bypassed > 100


@cocotb.test()
async def a_window_is_there_in_the_cycle_of_its_later_push(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    bench.work = 0.0
    for first, second in ((0, 1), (1, 0)):
        shape = Shape([BOTH], 1, bench.machine.window)
        bench.begin(windows_of(bench.random, bench.machine, shape))
        bench.lines[first].idle, bench.lines[second].idle = 0.0, 1.0
        for _ in range(2):
            await bench.cycle()
            assert not is_high(dut.there_o)
        bench.lines[second].idle = 0.0
        await bench.cycle()
        assert is_high(dut.there_o)
        await bench.cycle()
        assert not is_high(dut.there_o)


@cocotb.test()
async def a_reset_empties_the_queues(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for _ in range(12):
        shape = Shape([BOTH] * 3, 3, bench.machine.window, densities=(0.5, 0.5))
        cycles = int(bench.random.integers(1, 20))
        await bench.run(windows_of(bench.random, bench.machine, shape), cycles)
        await bench.reset()
        await bench.cycle()
        await bench.run(windows_of(bench.random, bench.machine, shape))


TABLE = [
    {"COUNTERS_EN": 1, "WINDOW": 5},
    {"SKIPPING": 2, "WINDOW": 4, "QUEUE_DEPTH": 1},
    {"COUNTERS_EN": 1, "SKIPPING": 1, "WINDOW": 3, "QUEUE_DEPTH": 5},
    {"SKIPPING": 0, "WINDOW": 1, "QUEUE_DEPTH": 2},
]
WIDE = [
    {"SKIPPING": scheme, "WINDOW": 16, "QUEUE_DEPTH": depth, "COUNTERS_EN": depth % 2}
    for scheme in range(4)
    for depth in (1, 2, 3, 8, 33)
]


@pytest.mark.parametrize(
    "parameters",
    TABLE + (WIDE if float(os.environ.get("SPARSESIM_EXAMPLES", "1")) > 1 else []),
)
def test_inner_join_fetch(simulate, parameters):
    simulate("inner_join_fetch", parameters)
