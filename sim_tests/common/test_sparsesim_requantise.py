"""sparsesim_requantise.v: values and mask bits are the package's, and leave in time."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Checker, Clock, Driver, Monitor, generator, parameters
from scale_cases import LARGEST, sum_cases

from sparsesim.fixed_point.requantise import requantise


def latency(acc_bits: int) -> int:
    """Cycles from a sum to its value."""
    return 15 + 2 * (acc_bits > 34) + 2 * (acc_bits > 51)


@dataclass(frozen=True)
class Numbers:
    """The layer's parameters, in the order of the package's `sparsesim_requantise`."""

    relu: bool
    threshold: int
    zero_point: int
    low: int
    high: int


class Bench:
    """Driver of sums, monitor of values, and the checker between them."""

    def __init__(self, dut, idle: float = 0.0) -> None:
        told = parameters()
        self.dut = dut
        self.acc_bits, self.value_bits = told["ACC_W"], told["VALUE_W"]
        self.latency = latency(self.acc_bits)
        self.clock = Clock(dut)
        self.checker = Checker("values")
        self.monitor = Monitor(
            self.clock,
            dut.valid_o,
            {"value": dut.value_o, "mask": dut.mask_o, "last": dut.last_o},
            self.checker,
        )
        payload = {
            "sum": dut.sum_i,
            "bias": dut.bias_i,
            "multiplier": dut.multiplier_i,
            "shift": dut.shift_i,
            "last": dut.last_i,
        }
        self.driver = Driver(self.clock, dut.valid_i, None, payload, idle)

    def layers(self) -> list[Numbers]:
        """Signed and unsigned outputs, with and without ReLU, thresholds of all sizes."""
        most = (1 << self.value_bits) - 1
        half = most >> 1
        return [
            Numbers(False, 0, 0, -half - 1, half),
            Numbers(True, 0, 0, -half - 1, half),
            Numbers(False, 3, -half // 3, -half - 1, half),
            Numbers(False, 0, half + 1, 0, most),
            Numbers(True, half // 2, 5 % most, 0, most),
            Numbers(True, 1, most, most - 1, most),
            Numbers(False, 2 * most + 1, -most - 1, -most - 1, most),
            Numbers(False, most, most, -most - 1, most),
        ]

    async def requantises(self, cases: list[tuple[int, int, int, int]], numbers: Numbers) -> None:
        """Send (sum, bias, multiplier, shift); all values come, right and in time."""
        sums, bias, multiplier, shift = (list(column) for column in zip(*cases, strict=True))
        z = requantise(
            np.array(sums, np.int64)[:, None],
            np.array(bias, np.int64),
            np.array(multiplier, np.uint32),
            np.array(shift, np.uint8),
            *astuple(numbers),
        )[:, 0].tolist()
        field = (1 << self.value_bits) - 1
        lasts = (generator(5).random(len(cases)) < 0.2).astype(int).tolist()
        self.checker.expect(
            {"value": value & field, "mask": int(value != numbers.zero_point), "last": last}
            for value, last in zip(z, lasts, strict=True)
        )
        wide = 2 * field + 1
        self.dut.relu_i.value = int(numbers.relu)
        self.dut.threshold_i.value = numbers.threshold
        self.dut.zero_point_i.value = numbers.zero_point & wide
        self.dut.low_i.value = numbers.low & wide
        self.dut.high_i.value = numbers.high & wide
        before = len(self.monitor.cycles)
        sent = await self.driver.send(
            {
                "sum": total & (1 << self.acc_bits) - 1,
                "bias": b & LARGEST,
                "multiplier": m,
                "shift": s,
                "last": last,
            }
            for (total, b, m, s), last in zip(cases, lasts, strict=True)
        )
        await self.checker.done(self.clock, cycles=self.latency + 2)
        assert self.monitor.cycles[before:] == [cycle + self.latency for cycle in sent]


@cocotb.test()
async def values_are_the_models_one_a_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for number, numbers in enumerate(bench.layers()):
        cases = sum_cases(generator(number), bench.acc_bits, bench.value_bits, 400)
        await bench.requantises(cases, numbers)


@cocotb.test()
async def idle_cycles_change_nothing(dut):
    bench = Bench(dut, idle=0.5)
    await bench.clock.reset()
    for numbers in bench.layers():
        await bench.requantises(
            sum_cases(generator(), bench.acc_bits, bench.value_bits, 60), numbers
        )


@cocotb.test()
async def zero_sums_give_the_zero_point_and_a_clear_mask_bit(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    random = generator()
    for density in DENSITIES.values():
        cases = sum_cases(random, bench.acc_bits, bench.value_bits, 100)
        cases = [case if random.random() < density else (0, 0, *case[2:]) for case in cases]
        await bench.requantises(cases, bench.layers()[3])


@cocotb.test()
async def the_widest_operands_clamp(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    most = (1 << bench.acc_bits - 1) - 1
    cases = [
        (total, bias, multiplier, shift)
        for total in (-most - 1, most, 0)
        for bias in (-(1 << 31), (1 << 31) - 1)
        for multiplier in (1 << 31, LARGEST)
        for shift in range(64)
    ]
    for numbers in bench.layers()[2:5]:
        await bench.requantises(cases, numbers)


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    inside = {"sum": 1, "bias": 1, "multiplier": 1 << 31, "shift": 31, "last": 1}
    await bench.driver.send([inside] * (bench.latency - 1))
    await bench.clock.reset()
    cases = sum_cases(generator(), bench.acc_bits, bench.value_bits, 40)
    await bench.requantises(cases, bench.layers()[0])


@pytest.mark.parametrize(
    "parameters",
    [{}, {"ACC_W": 64, "VALUE_W": 12}, {"ACC_W": 8}, {"ACC_W": 40, "VALUE_W": 4}],
)
def test_sparsesim_requantise(simulate, parameters):
    simulate("sparsesim_requantise", parameters)
