"""sparsesim_postprocess_unit.v: values are the package's for the filter of each sum, in time."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Checker, Clock, Driver, Monitor, generator, is_high, parameters
from scale_cases import LARGEST, sum_cases

from sparsesim.fixed_point.requantise import requantise


def latency(acc_bits: int) -> int:
    """Cycles from a sum to its value."""
    return 17 + 2 * (acc_bits > 34) + 2 * (acc_bits > 51)


@dataclass(frozen=True)
class Numbers:
    """The layer's parameters, in the order of the package's `sparsesim_requantise`."""

    relu: bool
    threshold: int
    zero_point: int
    low: int
    high: int


class Bench:
    """Driver of sums, monitor of values, what is inside, and the checker between them."""

    def __init__(self, dut, idle: float = 0.0) -> None:
        told = parameters()
        self.dut = dut
        self.acc_bits, self.value_bits = told["ACC_W"], told["VALUE_W"]
        self.latency = latency(self.acc_bits)
        self.max_filters = told["MAX_FILTERS"]
        self.clock = Clock(dut)
        self.checker = Checker("values")
        self.monitor = Monitor(self.clock, dut.valid_o, {"value": dut.value_o}, self.checker)
        payload = {"sum": dut.sum_i, "index": dut.index_i}
        self.driver = Driver(self.clock, dut.valid_i, None, payload, idle)
        self.filters: list[tuple[int, int, int]] = []  # bias, multiplier, shift
        self.numbers = Numbers(False, 0, 0, 0, 0)
        self._random = generator(3)
        cocotb.start_soon(self._watch_busy())

    async def _watch_busy(self) -> None:
        came: list[bool] = [False] * self.latency  # in the cycles before, the last one first
        while True:
            await self.clock.edge()
            if is_high(self.dut.rst_ni):
                assert is_high(self.dut.busy_o) == any(came), f"cycle {self.clock.cycle}: busy_o"
                came = [is_high(self.dut.valid_i), *came[:-1]]
            else:
                came = [False] * self.latency

    async def set_filters(self, count: int) -> None:
        """Store random parameters of filters 0 to count - 1, and of one that has no place."""
        count = min(count, self.max_filters)
        cases = sum_cases(self._random, self.acc_bits, self.value_bits, count + 1)
        self.filters = [case[1:] for case in cases[:count]]
        self.dut.param_we_i.value = 1
        for number, (_, bias, multiplier, shift) in enumerate(cases):
            self.dut.param_index_i.value = number if number < count else self.max_filters
            self.dut.param_bias_i.value = bias & LARGEST
            self.dut.param_multiplier_i.value = multiplier
            self.dut.param_shift_i.value = shift
            await self.clock.edge()
        self.dut.param_we_i.value = 0

    def set_layer(self, numbers: Numbers) -> None:
        """Set the layer's parameters."""
        self.numbers = numbers
        wide = (1 << self.value_bits + 1) - 1
        self.dut.relu_i.value = int(numbers.relu)
        self.dut.threshold_i.value = numbers.threshold
        self.dut.zero_point_i.value = numbers.zero_point & wide
        self.dut.low_i.value = numbers.low & wide
        self.dut.high_i.value = numbers.high & wide

    def layers(self) -> list[Numbers]:
        """Signed and unsigned values, with and without ReLU and threshold."""
        most = (1 << self.value_bits) - 1
        half = most >> 1
        return [
            Numbers(False, 0, 0, -half - 1, half),
            Numbers(True, half // 2, 5 % most, 0, most),
            Numbers(False, 1, most // 2, 0, most),
            Numbers(True, 0, -half - 1, -half - 1, half),
        ]

    def cases(self, count: int, density: float = 1.0) -> list[tuple[int, int]]:
        """(sum, filter): most give values within range, some are the widest, a share is zero."""
        most = (1 << self.acc_bits - 1) - 1
        cases = []
        for _ in range(count):
            number = int(self._random.integers(len(self.filters)))
            bias, multiplier, shift = self.filters[number]
            target = int(self._random.integers(-(1 << self.value_bits), 1 << self.value_bits))
            total = (target << shift) // max(multiplier, 1) - bias
            kind = self._random.random()
            total = -most - 1 if kind < 0.1 else most if kind < 0.2 else total
            total = min(max(total, -most - 1), most)
            cases.append((total if self._random.random() < density else 0, number))
        return cases

    async def process(self, cases: list[tuple[int, int]]) -> None:
        """Send sums; all values come, right and in time."""
        numbers = [number for _, number in cases]
        bias, multiplier, shift = zip(*[self.filters[number] for number in numbers], strict=True)
        z = requantise(
            np.array([total for total, _ in cases], np.int64)[:, None],
            np.array(bias, np.int64),
            np.array(multiplier, np.uint32),
            np.array(shift, np.uint8),
            *astuple(self.numbers),
        )[:, 0].tolist()
        field = (1 << self.value_bits) - 1
        self.checker.expect({"value": value & field} for value in z)
        before = len(self.monitor.cycles)
        sent = await self.driver.send(
            {"sum": total & (1 << self.acc_bits) - 1, "index": number} for total, number in cases
        )
        await self.checker.done(self.clock, cycles=self.latency + 2)
        assert self.monitor.cycles[before:] == [cycle + self.latency for cycle in sent]


async def made(dut, idle: float = 0.0) -> Bench:
    """A bench out of reset, with parameters of some filters."""
    bench = Bench(dut, idle)
    await bench.clock.reset()
    await bench.set_filters(40)
    return bench


@cocotb.test()
async def values_are_the_models_one_a_cycle(dut):
    bench = await made(dut)
    for numbers in bench.layers():
        bench.set_layer(numbers)
        await bench.process(bench.cases(200))


@cocotb.test()
async def idle_cycles_change_nothing(dut):
    bench = await made(dut, idle=0.7)
    for numbers in bench.layers():
        bench.set_layer(numbers)
        for density in DENSITIES.values():
            await bench.process(bench.cases(30, density))


@cocotb.test()
async def new_parameters_count_from_the_next_sum_on(dut):
    bench = await made(dut)
    bench.set_layer(bench.layers()[0])
    for count in (1, 2, 40):
        await bench.set_filters(count)
        await bench.process(bench.cases(20))


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    bench = await made(dut)
    bench.set_layer(bench.layers()[0])
    for inside in (1, 2, bench.latency - 1):
        await bench.driver.send([{"sum": 1, "index": 0}] * inside)
        assert is_high(dut.busy_o) == (inside > 1)
        await bench.clock.reset()
    await bench.process(bench.cases(40))


@pytest.mark.parametrize(
    "parameters",
    [{}, {"ACC_W": 64, "VALUE_W": 12}, {"ACC_W": 20, "MAX_FILTERS": 1}, {"MAX_FILTERS": 20}],
)
def test_sparsesim_postprocess_unit(simulate, parameters):
    simulate("sparsesim_postprocess_unit", parameters)
