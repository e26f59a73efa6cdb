"""sparsesim_result_mux.v: each drain brings its row's result, from the register of two cycles
later.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import cocotb
import pytest
from bench import Clock, generator, parameters

EXAMPLES = float(os.environ.get("SPARSESIM_EXAMPLES", "1"))

REGISTER_CYCLES = 2  # from a drain to the cycle in which its result register is read


@dataclass
class Model:
    """What is due at the output, cycle by cycle.

    Attributes:
        rows: of the column.
        drains: (valid, row, last) of each cycle.
        registers: result registers of each cycle, by row.
    """

    rows: int
    drains: list[tuple[int, int, int]] = field(default_factory=list)
    registers: list[list[int]] = field(default_factory=list)

    @property
    def latency(self) -> int:
        """Cycles from a drain to the output: a level of the tree has four times fewer entries."""
        levels, entries = 1, 4
        while entries < self.rows:
            levels, entries = levels + 1, 4 * entries
        return REGISTER_CYCLES + levels

    def due(self, cycle: int) -> tuple[int, int, int]:
        """Valid, last, result at the output; (0, 0, 0) before the first drain can be there."""
        drained = cycle - self.latency
        if drained < 0:
            return 0, 0, 0
        valid, row, last = self.drains[drained]
        return valid, last, self.registers[drained + REGISTER_CYCLES][row]


class Bench:
    """Drives a random drain and random registers in each cycle, and compares the output."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.rows, self.width = told["ROWS"], told["WIDTH"]
        self.clock = Clock(dut)
        self.random = generator()
        self.model = Model(self.rows)

    async def reset(self) -> None:
        """Nothing is under way any more."""
        self.dut.valid_i.value = 0
        await self.clock.reset()
        self.model = Model(self.rows)

    async def drains(self, cycles: int, busy: float) -> None:
        """So many cycles, a drain in a share of them; the output is right in each."""
        for _ in range(cycles):
            valid = int(self.random.random() < busy)
            drain = (valid, int(self.random.integers(self.rows)), int(self.random.integers(2)))
            registers = [
                int.from_bytes(self.random.bytes(self.width // 8 + 1), "little") % (1 << self.width)
                for _ in range(self.rows)
            ]
            self.model.drains.append(drain)
            self.model.registers.append(registers)
            self.dut.valid_i.value, self.dut.row_i.value, self.dut.last_i.value = drain
            self.dut.results_i.value = sum(
                register << row * self.width for row, register in enumerate(registers)
            )
            await self.clock.edge()
            valid, last, result = self.model.due(self.clock.cycle)
            assert int(self.dut.valid_o.value) == valid, f"cycle {self.clock.cycle}"
            if valid:
                assert int(self.dut.last_o.value) == last, f"cycle {self.clock.cycle}"
                assert int(self.dut.result_o.value) == result, f"cycle {self.clock.cycle}"


@cocotb.test()
async def each_drain_brings_its_rows_result(dut):
    bench = Bench(dut)
    await bench.reset()
    for busy in (1.0, 0.5, 0.1):
        await bench.drains(100, busy)


@cocotb.test()
async def reset_drops_what_is_under_way(dut):
    bench = Bench(dut)
    await bench.reset()
    for cycles in range(1, 8):
        await bench.drains(cycles, busy=1.0)
        await bench.reset()
    await bench.drains(20, busy=0.5)


@pytest.mark.parametrize(
    "parameters",
    [{"ROWS": 1, "WIDTH": 9}, {"ROWS": 4, "WIDTH": 33}, {"ROWS": 5}, {"ROWS": 17, "WIDTH": 65}]
    + ([{"ROWS": 2}, {"ROWS": 3}, {"ROWS": 16}, {"ROWS": 65}] if EXAMPLES > 1 else []),
)
def test_sparsesim_result_mux(simulate, parameters):
    simulate("sparsesim_result_mux", parameters)
