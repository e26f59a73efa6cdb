"""sparsesim_scale.v: value * multiplier / 2^shift is the package's, and leaves 8 cycles later."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import Checker, Clock, Driver, Monitor, generator, parameters, signed
from scale_cases import LARGEST, reachable, scale_cases

from sparsesim.fixed_point.kernels import scaled

LATENCY = 8


class Bench:
    """Driver of values, monitor of results, and the checker between them."""

    def __init__(self, dut, idle: float = 0.0) -> None:
        told = parameters()
        self.in_bits, self.out_bits = told["IN_W"], told["OUT_W"]
        self.clock = Clock(dut)
        self.checker = Checker("results")
        self.monitor = Monitor(self.clock, dut.valid_o, {"result": dut.result_o}, self.checker)
        payload = {
            "value": dut.value_i,
            "multiplier": dut.multiplier_i,
            "shift": dut.shift_i,
        }
        self.driver = Driver(self.clock, dut.valid_i, None, payload, idle)

    def model(self, value: int, multiplier: int, shift: int) -> int:
        """The result's bits. The kernel takes a sum and a bias: a value may have a bit more."""
        bias = max(min(value, (1 << 31) - 1), -(1 << 31))
        exact = int(
            scaled(np.int64(value - bias), np.int64(bias), np.uint64(multiplier), np.int64(shift))
        )
        most = (1 << self.out_bits - 1) - 1
        return max(min(exact, most), -most - 1) & (2 * most + 1)

    async def scales(self, cases: list[tuple[int, int, int]]) -> None:
        """Send them; all results come, right and in time."""
        self.checker.expect([{"result": self.model(*case)} for case in cases])
        before = len(self.monitor.cycles)
        field = (1 << self.in_bits) - 1
        sent = await self.driver.send(
            {"value": value & field, "multiplier": multiplier, "shift": shift}
            for value, multiplier, shift in cases
        )
        await self.checker.done(self.clock, cycles=LATENCY + 2)
        assert self.monitor.cycles[before:] == [cycle + LATENCY for cycle in sent]


@cocotb.test()
async def results_are_the_models_one_a_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.scales(scale_cases(generator(), bench.in_bits, bench.out_bits, 3000))


@cocotb.test()
async def idle_cycles_change_nothing(dut):
    bench = Bench(dut, idle=0.5)
    await bench.clock.reset()
    await bench.scales(scale_cases(generator(), bench.in_bits, bench.out_bits, 500))


@cocotb.test()
async def halves_go_to_the_even_neighbour(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    # 5 / 2 = 2.5 -> 2, 7 / 2 = 3.5 -> 4; just beside a half it is the nearer one.
    one = 1 << 31
    cases = [(5, one, 32), (7, one, 32), (-5, one, 32), (-7, one, 32), (5, one + 1, 32)]
    expected = [2, 4, -2, -4, 3]
    for case, result in zip(cases, expected, strict=True):
        assert signed(bench.model(*case), bench.out_bits) == result
    await bench.scales(cases)


@cocotb.test()
async def the_widest_operands_saturate(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    least, most = reachable(bench.in_bits)
    await bench.scales(
        [
            (value, multiplier, shift)
            for value in (least, least + 1, most, most - 1, 0, 1, -1)
            for multiplier in (1 << 31, LARGEST)
            for shift in range(64)
        ]
    )


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    cases = scale_cases(generator(), bench.in_bits, bench.out_bits, 40)
    await bench.driver.send(
        {"value": 1, "multiplier": 1 << 31, "shift": 31} for _ in range(LATENCY - 1)
    )
    await bench.clock.reset()
    await bench.scales(cases)


@pytest.mark.parametrize(
    "parameters", [{}, {"IN_W": 65, "OUT_W": 11}, {"IN_W": 36, "OUT_W": 19}, {"OUT_W": 5}]
)
def test_sparsesim_scale(simulate, parameters):
    simulate("sparsesim_scale", parameters)
