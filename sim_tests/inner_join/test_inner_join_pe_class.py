"""inner_join_pe_class.v: each cycle's class is the clocked machine's."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator
from inner_join_pe_model import PeModel
from inner_join_pe_stimuli import Machine, Window, flags, random_shape, windows_of

MACHINE = Machine(
    window=4, lanes=2, queue_depth=2, skipping="two_sided",
    act_bits=4, weight_bits=4, acc_bits=16,
)  # fmt: skip
"""Whatever gives all classes; the module sees nothing of it."""


class Bench:
    """Shows what a PE of the model does; the inputs that mean nothing in a cycle are noise."""

    def __init__(self, dut) -> None:
        self.dut, self.random, self.clock = dut, generator(), Clock(dut)
        self.model = PeModel(MACHINE)
        self.idle = 0.0  # probability that a line does not push, and that a result does not drain
        self.seen: set[int] = set()  # classes

    async def run(self, windows: list[Window], cycles: int = 20_000) -> None:
        """A pass, to its end or for that many cycles."""
        self.dut.start_i.value = 1
        await self.cycle()
        self.dut.start_i.value = 0
        self.model.begin(windows)
        for _ in range(cycles):
            if self.model.is_over:
                return
            await self.cycle()
        assert cycles < 20_000, "the pass was not over"

    async def reset(self) -> None:
        """The pass is given up."""
        self.dut.rst_ni.value = 0
        await self.clock.edge()
        self.dut.rst_ni.value = 1
        self.model = PeModel(MACHINE)

    async def cycle(self) -> None:
        """A cycle, its class checked."""
        model, cycle = self.model, self.clock.cycle + 1
        for line in (0, 1):
            if model.has_slot(line) and self.random.random() >= self.idle:
                model.push(line, cycle)
        number = model.done
        step = model.act(cycle)
        told = {
            "work_i": step.work,
            "done_i": step.done,
            "blocked_i": step.blocked,
            **dict.fromkeys(("active_i", "more_i", "next_active_i"), None),
        }
        if step.work and step.window is not None:
            told["active_i"] = step.window.active
        if step.done:
            (_, _, weight_next, more, _), (_, act_next) = flags(self.random, model.windows, number)
            told["more_i"], told["next_active_i"] = more, weight_next and act_next
        for port, value in told.items():
            noise = self.random.random() < 0.5
            getattr(self.dut, port).value = noise if value is None else value
        await self.clock.edge()
        seen = self.dut.class_o.value
        assert seen == step.class_bits, f"cycle {cycle}: class {seen}, not {step.class_bits:04b}"
        self.seen.add(step.class_bits)
        if model.can_drain(cycle) and self.random.random() >= self.idle:
            model.drain()


@cocotb.test()
async def classes_are_the_models(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for bench.idle in (0.0, 0.5, 0.9):
        for density in (0.0, 0.3, 1.0) * 6:
            shape = random_shape(bench.random, MACHINE, density)
            await bench.run(windows_of(bench.random, MACHINE, shape))
            for _ in range(bench.random.integers(3)):
                await bench.cycle()
    assert bench.seen == {8, 4, 2, 1, 0}


@cocotb.test()
async def a_start_and_a_reset_forget_the_pass_before(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    bench.idle = 0.7
    for number in range(60):
        shape = random_shape(bench.random, MACHINE, 0.5)
        cycles = int(bench.random.integers(1, 40))
        await bench.run(windows_of(bench.random, MACHINE, shape), cycles)
        if number % 2:
            await bench.reset()
            for _ in range(3):
                await bench.cycle()


@pytest.mark.parametrize("parameters", [{}])
def test_inner_join_pe_class(simulate, parameters):
    simulate("inner_join_pe_class", parameters)
