"""systolic_accumulator.v: folds add up, final sums stand until the next tile's, and both memories
work side by side."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters, signed

READ_TO_ADD, READ_TO_WRITE = 2, 3


class Bench:
    """Plays the column above it.

    A fold is a list of (position, sum, starts, ends), one read for a cycle.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock = dut, Clock(dut)
        self.depth, self.bits = told["DEPTH"], told["ACC_W"]
        self.sum_bits = told["SUM_W"]
        self.random = generator()

    def sums(self, count: int) -> list[int]:
        """Random, the widest among them."""
        most = 1 << self.sum_bits - 1
        return [int(value) for value in self.random.integers(-most, most, count)]

    async def folds(self, steps: list[tuple[int, int, bool, bool] | None]) -> None:
        """Feed steps, None for a cycle without one."""
        steps = [*steps, None, None, None, None]
        for n in range(len(steps)):
            at = [steps[n - back] if n >= back else None for back in range(4)]
            noise = self.random.integers(0, self.depth, 2).tolist()
            self.dut.read_i.value = at[0][0] if at[0] else noise[0]
            self.dut.starts_i.value = int(at[1][2]) if at[1] else int(self.random.integers(2))
            total = at[2][1] if at[2] else self.sums(1)[0]
            self.dut.sum_i.value = total & (1 << self.sum_bits) - 1
            self.dut.write_i.value = at[3][0] if at[3] else noise[1]
            self.dut.keeps_i.value = int(at[3] is not None and not at[3][3])
            self.dut.ends_i.value = int(at[3] is not None and at[3][3])
            await self.clock.edge()
        self.dut.keeps_i.value = self.dut.ends_i.value = 0

    async def results(self, positions: list[int]) -> list[int]:
        """Final sums of these positions, one a cycle."""
        found = []
        for n in range(len(positions) + 2):
            self.dut.leaves_i.value = positions[n] if n < len(positions) else 0
            await self.clock.edge()
            if n >= 2:
                found.append(signed(int(self.dut.result_o.value), self.bits))
        return found

    def wrapped(self, value: int) -> int:
        return (value + (1 << self.bits - 1)) % (1 << self.bits) - (1 << self.bits - 1)


@cocotb.test()
async def folds_add_up(dut):
    bench = Bench(dut)
    positions = list(range(bench.depth))
    for folds in (1, 2, 5):
        gap: list[None] = [None] * max(0, 4 - bench.depth)  # the round trip
        totals, steps = [0] * bench.depth, []
        for fold in range(folds):
            sums = bench.sums(bench.depth)
            totals = [bench.wrapped(a + b) for a, b in zip(totals, sums, strict=True)]
            steps += [(p, sums[p], fold == 0, fold == folds - 1) for p in positions] + gap
        await bench.folds(steps)
        order = bench.random.permutation(bench.depth).tolist()
        assert await bench.results(order) == [totals[p] for p in order]


@cocotb.test()
async def final_sums_stand_while_the_next_tile_adds_up(dut):
    bench = Bench(dut)
    sums = bench.sums(bench.depth)
    await bench.folds([(p, sums[p], True, True) for p in range(bench.depth)])
    others = bench.sums(bench.depth)
    await bench.folds([(p, others[p], True, False) for p in range(bench.depth)])
    wanted = [bench.wrapped(value) for value in sums]
    assert await bench.results(list(range(bench.depth))) == wanted
    await bench.folds([(p, sums[p], False, True) for p in range(bench.depth)])
    wanted = [bench.wrapped(a + b) for a, b in zip(sums, others, strict=True)]
    assert await bench.results(list(range(bench.depth))) == wanted


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    if bench.depth < 6:
        return
    await bench.folds([(5, 7, True, False), None, None, None, (5, 4, False, True)])
    # The write of cycle 7 is read in cycle 9 here, behind four idle cycles.
    assert await bench.results([5]) == [11]


@pytest.mark.parametrize(
    "parameters",
    [{"DEPTH": 8}, {"DEPTH": 1, "SUM_W": 9, "ACC_W": 8}, {"DEPTH": 5, "SUM_W": 20, "ACC_W": 20}],
)
def test_systolic_accumulator(simulate, parameters):
    simulate("systolic_accumulator", parameters)
