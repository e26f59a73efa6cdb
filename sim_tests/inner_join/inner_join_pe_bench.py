"""A PE between its row's feeder, its column's feeder and its drain: the drain, the checker, and
what joins them all with the model. Tests: test_inner_join_pe.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench import Clock, generator, parameters
from inner_join_pe_coverage import export, sample
from inner_join_pe_lines import Line
from inner_join_pe_model import Step, multiplied
from inner_join_pe_outputs import PeOutputs
from inner_join_pe_stimuli import Half, Machine, Window, flags, halves_of

LIMIT = 20_000  # cycles that no pass of the tests takes

PROMPT = (0, 0)
"""A drain's least and most cycles beyond the earliest possible."""


class Drain:
    """Drains results as a column does, at random times.

    Attributes:
        wait: least and most cycles beyond the earliest possible.
    """

    def __init__(self, signal, random: np.random.Generator) -> None:
        self._signal, self._random = signal, random
        self.wait = PROMPT
        self._left: int | None = None
        self._turn = 0

    def act(self, outputs: PeOutputs, cycle: int) -> None:
        """Behind this cycle: drained in it, the result is gone in the next."""
        if not outputs.model.can_drain(cycle):
            return
        if self._left is None:
            self._left = int(self._random.integers(*self.wait, endpoint=True))
        if self._left:
            self._left -= 1
            return
        outputs.model.drain()
        self._left = None
        self._turn ^= 1
        self._signal.value = self._turn

    def reset(self) -> None:
        """No result waits."""
        self._left, self._turn = None, 0
        self._signal.value = 0


class Checker:
    """Compares all ports with those expected, in each cycle from a reset on."""

    def __init__(self, dut, counts: bool) -> None:
        self._dut, self._counts = dut, counts
        self._held: str | None = None  # what the result register shows before the first result

    def __call__(self, cycle: int, expected: dict[str, int]) -> None:
        for port, value in expected.items():
            if not self._counts and port in ("class_o", "multiplied_o", "effectual_o"):
                value = 0
            seen = getattr(self._dut, port).value
            if not seen.is_resolvable or int(seen) != value:
                raise AssertionError(f"cycle {cycle}: {port} is {seen}, not {value}")
        if "result_o" not in expected:
            shown = f"{self._dut.result_o.value} {self._dut.overflow_o.value}"
            assert self._held in (None, shown), f"cycle {cycle}: a result out of nothing: {shown}"
            self._held = shown


class PeBench:
    """Joins them, a cycle at a time."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.machine = dut, Machine.of(told)
        self.random = generator()
        self.clock = Clock(dut)
        self.drain = Drain(dut.drained_i, self.random)
        self.lines = [
            Line(dut, name, bits, self.machine.queue_depth, self.random)
            for name, bits in (("weight", told["WEIGHT_W"]), ("act", told["ACT_W"]))
        ]
        self._counts = bool(told["COUNTERS_EN"])
        self._stalled = False  # the window that comes waited for the drain

    async def power_up(self) -> None:
        """Write all slots once, and reset.

        What an unwritten slot holds is multiplied by zero in cycles without pairs, and known only
        in real circuits to give zero.
        """
        self.dut.rst_ni.value = 0
        for slot in range(self.machine.queue_depth):
            for line in self.lines:
                line.push(slot, Half(False, np.zeros(self.machine.window, int)), ())
            await self.clock.edge()
        await self.reset()

    async def reset(self, cycles: int = 2) -> None:
        """Feeders and drain are reset along; in the first cycle the lines go on as they were."""
        self.dut.rst_ni.value = 0
        for _ in range(cycles):
            await self.clock.edge()
            for line in self.lines:
                line.rest(0)
            self.drain.reset()
        self.dut.rst_ni.value = 1
        self.clock.zero()
        self.outputs = PeOutputs(self.machine)
        self._check = Checker(self.dut, self._counts)
        self._stalled = False

    async def run(self, windows: Sequence[Window]) -> list[tuple[int, int]]:
        """A pass; returns first and last cycle of each window's work, counted from its start."""
        await self.begin(windows)
        start = self.clock.cycle + 1
        for _ in range(LIMIT):
            if self.outputs.model.is_over:
                spans = self.outputs.model.spans
                return [(first - start, last - start) for first, last in spans]
            await self.cycle()
        raise AssertionError(f"the pass was not over within {LIMIT} cycles")

    async def begin(self, windows: Sequence[Window]) -> None:
        """Start a pass: the next cycle is its cycle 0. The last one must be over."""
        self.dut.start_i.value = 1
        await self.cycle()
        self.dut.start_i.value = 0
        self.dut.last_length_i.value = min(window.length for window in windows)
        self.outputs.begin(windows)

    async def over(self) -> None:
        """Wait for the last result; then nothing else may come."""
        for _ in range(self.machine.latency + 10):
            await self.cycle()
        export(Path.cwd())

    async def cycle(self) -> None:
        """Lines push what they may and want to; what the PE does is the model's."""
        for line in (0, 1):
            self._feed(line)
        await self.clock.edge()
        cycle = self.clock.cycle
        step, expected = self.outputs.act(cycle)
        self._check(cycle, expected)
        self._cover(step)
        self.drain.act(self.outputs, cycle)

    def _feed(self, line: int) -> None:
        model, driver = self.outputs.model, self.lines[line]
        pushed = self.outputs.pushed(line)
        # The model's credits are what head_o says: it is compared in every cycle.
        if not model.has_slot(line) or not driver.wants():
            driver.rest(pushed)
            return
        number = model.pushed[line]
        half = halves_of(model.windows[number])[line]
        driver.push(pushed, half, flags(self.random, model.windows, number)[line])
        model.push(line, self.clock.cycle + 1)

    def _cover(self, step: Step) -> None:
        self._stalled |= step.blocked
        if not step.done:
            return
        drain, self._stalled = ("stalled" if self._stalled else "prompt"), False
        window, model = step.window, self.outputs.model
        if window is None or not window.active:
            return
        held = min(model.pushed) - model.done + 1  # with the one that is done
        is_full, is_empty = held == self.machine.queue_depth, held == 1
        if is_full == is_empty:  # neither; or a queue of one window, which is both
            return
        count = len(multiplied(window, self.machine.skipping))
        pairs = "empty" if count == 0 else "full" if count == self.machine.window else "partial"
        sample(self.machine.skipping, pairs, "full" if is_full else "empty", drain)
