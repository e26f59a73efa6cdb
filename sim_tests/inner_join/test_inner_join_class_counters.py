"""inner_join_class_counters.v: classes of a pass are what its PEs showed until the last drain."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import numpy as np
import pytest
from bench import Clock, generator, mask, parameters, unpack

from sparsesim.machines.inner_join import CLASSES

# A PE's class bits, from the lowest: see inner_join_pe_class.v.
BITS = ("inactive", "drain_wait", "operand_wait", "active")
SETTLE_CYCLES = 2  # from an event to its count


@dataclass(frozen=True)
class Cycle:
    """What the array shows in a cycle, and what of it is counted.

    Attributes:
        classes: for each PE one of BITS, or None (fill or drain).
        multiplied: bool, (PES, USED_LANES): pairs of the cycle before.
        effectual: those of them with both operands non-zero.
        drained: bool, (COLS,).
    """

    classes: list[str | None]
    multiplied: np.ndarray
    effectual: np.ndarray
    drained: np.ndarray


class Bench:
    """Plays the array's part of a pass and compares the sums."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.pes, self.lanes, self.cols = told["PES"], told["LANES"], told["COLS"]
        self.used = told["USED_LANES"]
        self.clock = Clock(dut)
        self.random = generator()

    def random_pass(self, work: int, behind: int, classes: list[str | None]) -> list[Cycle]:
        """Cycles of random events.

        Args:
            work: so many cycles with active work, and drains; the last one has a drain.
            behind: and so many without.
            classes: of PEs, that a cycle may have.
        """
        cycles = []
        were_active = np.zeros(self.pes, bool)
        for number in range(work + behind):
            works = number < work - 1  # the last work's pairs are seen in the last drain's cycle
            allowed = classes if works else [c for c in classes if c != "active"]
            shown = [allowed[n] for n in self.random.integers(len(allowed), size=self.pes)]
            pairs = self.random.random((self.pes, self.used)) < 0.7
            pairs &= were_active[:, None]
            both = pairs & (self.random.random(pairs.shape) < 0.5)
            drained = self.random.random(self.cols) < (0.4 if number < work else 0.0)
            if number == work - 1:
                drained[self.random.integers(self.cols)] = True
            cycles.append(Cycle(shown, pairs, both, drained))
            were_active = np.array([name == "active" for name in shown])
        return cycles

    async def counts(self, cycles: list[Cycle], work: int, drains: bool) -> None:
        """A pass that shows this is counted right.

        Args:
            cycles: of the pass, and behind it.
            work: how many of them the pass has, if it drains; else all.
            drains: the pass ends its tiles.
        """
        length = work if drains else len(cycles)
        results = sum(int(cycle.drained.sum()) for cycle in cycles)
        self.show(self.random_pass(2, 0, ["active", "inactive"])[0])  # of before the pass
        self.dut.start_i.value, self.dut.drains_i.value = 1, int(drains)
        self.dut.results_i.value = results if drains else 0
        await self.clock.edge()
        self.dut.start_i.value = 0
        self.dut.cycles_i.value = length
        for cycle in cycles:
            self.show(cycle)
            await self.clock.edge()
        nothing = np.zeros((self.pes, self.used), bool)
        self.show(Cycle([None] * self.pes, nothing, nothing, np.zeros(self.cols, bool)))
        await self.clock.cycles(SETTLE_CYCLES)
        told = unpack(int(self.dut.counters_o.value), 48, len(CLASSES))
        expected = self.model(cycles, length)
        assert dict(zip(CLASSES, told, strict=True)) == expected
        assert sum(told) == self.pes * self.lanes * length

    def show(self, cycle: Cycle) -> None:
        """Drive the cycle that begins."""
        one_hot = [[name == bit for bit in BITS] for name in cycle.classes]
        self.dut.class_i.value = mask(np.array(one_hot).reshape(-1))
        self.dut.multiplied_i.value = mask(cycle.multiplied.reshape(-1))
        self.dut.effectual_i.value = mask(cycle.effectual.reshape(-1))
        self.dut.drained_i.value = mask(cycle.drained)

    def model(self, cycles: list[Cycle], length: int) -> dict[str, int]:
        """Lane-slots by class."""
        shown = [name for cycle in cycles[:length] for name in cycle.classes]
        slots = {bit: self.lanes * shown.count(bit) for bit in BITS}
        multiplied = sum(int(cycle.multiplied.sum()) for cycle in cycles)
        effectual = sum(int(cycle.effectual.sum()) for cycle in cycles)
        return {
            "effectual": effectual,
            "ineffectual": multiplied - effectual,
            "unused": slots["active"] - multiplied,
            "operand_wait": slots["operand_wait"],
            "drain_wait": slots["drain_wait"],
            "inactive": slots["inactive"],
            "fill_drain": self.lanes * shown.count(None),
        }


@cocotb.test()
async def nothing_behind_the_last_drain_is_counted(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for work in (2, 3, 10, 40):
        for behind in (0, 1, 9):
            await bench.counts(bench.random_pass(work, behind, [*BITS, None]), work, drains=True)


@cocotb.test()
async def a_pass_that_drains_nothing_counts_all(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for work in (2, 30):
        cycles = bench.random_pass(work, 0, [*BITS, None])
        await bench.counts(cycles, work, drains=False)


@cocotb.test()
async def each_class_is_counted_by_itself(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for name in (*BITS, None):
        await bench.counts(bench.random_pass(12, 0, [name, None]), 12, drains=True)


@cocotb.test()
async def sums_of_48_bits_wrap_nowhere_below(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    dut.start_i.value = 1
    await bench.clock.edge()
    dut.start_i.value = 0
    dut.cycles_i.value = cycles = ((1 << 48) - 1) // (bench.pes * bench.lanes)
    await bench.clock.edge()
    told = unpack(int(dut.counters_o.value), 48, len(CLASSES))
    assert told == [0] * 6 + [cycles * bench.pes * bench.lanes]


@cocotb.test()
async def reset_clears_the_sums(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.counts(bench.random_pass(9, 0, [*BITS]), 9, drains=True)
    dut.cycles_i.value = 0
    await bench.clock.reset()
    await bench.clock.edge()
    assert int(dut.counters_o.value) == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"PES": 6, "LANES": 3, "USED_LANES": 2, "COLS": 3},
        {"PES": 1, "LANES": 1, "USED_LANES": 1, "COLS": 1},
    ],
)
def test_inner_join_class_counters(simulate, parameters):
    simulate("inner_join_class_counters", parameters)
