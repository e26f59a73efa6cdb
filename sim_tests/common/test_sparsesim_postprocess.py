"""sparsesim_postprocess.v: a column's sums become the package's values, encoded, each once, in
order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Beat, Checker, Clock, Monitor, generator, is_high, parameters
from encoded import beats
from result_order import Result, results_of_pass
from scale_cases import LARGEST, sum_cases

from sparsesim.fixed_point.requantise import requantise

# From a sum to its own raw beat.
RAW_LATENCY = 4


def encoded_latency(acc_bits: int) -> int:
    """Cycles from a sum to the beat that it closes."""
    return 21 + 2 * (acc_bits > 34) + 2 * (acc_bits > 51)


@dataclass(frozen=True)
class Pass:
    """A column's share of a pass: the sums that it gives, and what belongs to them."""

    results: list[Result]
    sums: list[int]
    overflows: list[bool]


class Column:
    """The array's side: drains a result in a cycle with ready_o, which then is on its way.

    It takes RESULT_LATENCY cycles, the longest that the module allows.
    """

    def __init__(self, clock: Clock, dut, latency: int, acc_bits: int) -> None:
        self.clock = clock
        self.dut = dut
        self.idle = 0.0
        self.left: deque[tuple[int, bool, bool]] = deque()
        self.cycles: list[int] = []  # in which sums came in
        self.refused = 0  # cycles in which a result waited for ready_o
        self._field = (1 << acc_bits) - 1
        self._on_its_way: deque[tuple[int, bool, bool] | None] = deque([None] * (latency - 1))
        self._random = generator(31)
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while True:
            await self.clock.edge()
            drained = None
            if self.left and self._random.random() >= self.idle:
                if is_high(self.dut.ready_o):
                    drained = self.left.popleft()
                else:
                    self.refused += 1
            self._on_its_way.append(drained)
            arriving = self._on_its_way.popleft()
            self.dut.valid_i.value = int(arriving is not None)
            if arriving is not None:
                total, overflow, ends_tile = arriving
                self.dut.sum_i.value = total & self._field
                self.dut.overflow_i.value = int(overflow)
                self.dut.last_i.value = int(ends_tile)
                self.cycles.append(self.clock.cycle + 1)
            else:  # noise, which only valid_i tells from a sum
                self.dut.sum_i.value = int(self._random.integers(self._field >> 1))
                self.dut.overflow_i.value = int(self._random.integers(2))
                self.dut.last_i.value = int(self._random.integers(2))


class Bench:
    """The column, monitor of beats, and the checker between them."""

    def __init__(self, dut, clock: Clock | None = None) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.value_bits = told["WINDOW"], told["VALUE_W"]
        self.acc_bits, self.max_filters = told["ACC_W"], told["MAX_FILTERS"]
        self.positions_inner = bool(told["POSITIONS_INNER"])
        self.clock = clock or Clock(dut)
        self.column = Column(self.clock, dut, told["RESULT_LATENCY"], self.acc_bits)
        self.checker = Checker("beats")
        payload = {"beat": dut.data_o, "last": dut.last_o}
        self.monitor = Monitor(self.clock, dut.valid_o, payload, self.checker, ready=dut.ready_i)
        self.filters: list[tuple[int, int, int]] = []  # bias, multiplier, shift
        self.numbers = (0, 0, 0, 0, 0)
        self._random = generator(32)

    async def set_filters(self, count: int) -> None:
        """Store random parameters of filters."""
        cases = sum_cases(self._random, self.acc_bits, self.value_bits, count)
        self.filters = [case[1:] for case in cases]
        self.dut.param_we_i.value = 1
        for number, (bias, multiplier, shift) in enumerate(self.filters):
            self.dut.param_index_i.value = number
            self.dut.param_bias_i.value = bias & LARGEST
            self.dut.param_multiplier_i.value = multiplier
            self.dut.param_shift_i.value = shift
            await self.clock.edge()
        self.dut.param_we_i.value = 0

    def set_layer(self, relu: bool, threshold: int, zero_point: int, low: int, high: int) -> None:
        """Set the layer's parameters."""
        self.numbers = (int(relu), threshold, zero_point, low, high)
        wide = (1 << self.value_bits + 1) - 1
        names = ("relu", "threshold", "zero_point", "low", "high")
        for name, number in zip(names, self.numbers, strict=True):
            getattr(self.dut, f"{name}_i").value = number & wide

    def default_layer(self) -> None:
        """Unsigned values around a zero point in the middle."""
        most = (1 << self.value_bits) - 1
        self.set_layer(False, 1, most // 2, 0, most)

    def sums(self, results: list[Result], density: float) -> list[int]:
        """Some that give values within range, the widest, and a share of zeros."""
        most = (1 << self.acc_bits - 1) - 1
        sums = []
        for result in results:
            bias, multiplier, shift = self.filters[result.filter]
            target = int(self._random.integers(-(1 << self.value_bits), 1 << self.value_bits))
            total = (target << shift) // max(multiplier, 1) - bias
            kind = self._random.random()
            if kind < 0.1:
                total = -most - 1
            elif kind < 0.2:
                total = most
            total = min(max(total, -most - 1), most)
            sums.append(total if self._random.random() < density else 0)
        return sums

    def expected(self, results: list[Result], sums: list[int], raw: bool) -> list[Beat]:
        """The beats, by the package's post-processing."""
        if raw:
            field = (1 << self.acc_bits) - 1
            return [
                {"beat": total & field, "last": int(result.closes)}
                for result, total in zip(results, sums, strict=True)
            ]
        bias, multiplier, shift = zip(
            *[self.filters[result.filter] for result in results], strict=True
        )
        z = requantise(
            np.array(sums, np.int64)[:, None],
            np.array(bias, np.int64),
            np.array(multiplier, np.uint32),
            np.array(shift, np.uint8),
            *self.numbers,
        )[:, 0].tolist()
        field = (1 << self.value_bits) - 1
        elements = [
            (value & field, int(value != self.numbers[2]), int(result.closes))
            for value, result in zip(z, results, strict=True)
        ]
        return beats(elements, self.window, self.value_bits)

    async def start(self, rows: int, filters: int, position_tiles: int, raw: bool) -> list[Result]:
        """Start a pass; returns the results that it has."""
        self.dut.raw_i.value = int(raw)
        self.dut.filter_tiles_i.value = -(-filters // rows)
        self.dut.position_tiles_i.value = position_tiles
        self.dut.start_i.value = 1
        await self.clock.edge()
        self.dut.start_i.value = 0
        return results_of_pass(rows, filters, position_tiles, self.positions_inner)

    def send(self, results: list[Result], sums: list[int], raw: bool) -> None:
        """These sums come from now on; their beats are expected."""
        self.checker.expect(self.expected(results, sums, raw))
        self.column.left += [
            (total, False, result.ends_tile) for result, total in zip(results, sums, strict=True)
        ]

    async def passes(
        self, rows: int, filters: int, position_tiles: int, raw: bool = False, density: float = 1.0
    ) -> list[Result]:
        """A whole pass: all beats come, and nothing stays inside."""
        results = await self.start(rows, filters, position_tiles, raw)
        self.send(results, self.sums(results, density), raw)
        await self.checker.done(self.clock, cycles=80 * len(results) + 500)
        assert not is_high(self.dut.busy_o)
        return results


async def made(dut, filters: int = 8, clock: Clock | None = None) -> Bench:
    """A bench out of reset, with parameters of up to that many filters."""
    bench = Bench(dut, clock)
    await bench.clock.reset()
    await bench.set_filters(min(filters, bench.max_filters))
    bench.default_layer()
    return bench


@cocotb.test()
async def beats_are_the_models_in_every_order_of_tiles(dut):
    bench = await made(dut, filters=40)
    for rows in (1, 3, 16):
        for filters in (1, 2, 7, 40):
            for position_tiles in (1, 3):
                if filters <= bench.max_filters:
                    await bench.passes(rows, filters, position_tiles)


@cocotb.test()
async def every_density_and_every_layer_comes_out(dut):
    bench = await made(dut)
    most = (1 << bench.value_bits) - 1
    half = most >> 1
    for relu, threshold, zero_point, low, high in (
        (False, 0, 0, -half - 1, half),
        (True, 0, -half - 1, -half - 1, half),
        (True, half // 2, most, 0, most),
        (False, most, half, 0, most),
    ):
        bench.set_layer(relu, threshold, zero_point, low, high)
        for density in DENSITIES.values():
            await bench.passes(3, len(bench.filters), 3, density=density)


@cocotb.test()
async def raw_beats_are_the_sums(dut):
    bench = await made(dut)
    for bench.monitor.stall in (0.0, 0.5):
        await bench.passes(3, len(bench.filters), 4, raw=True)
        await bench.passes(3, len(bench.filters), 2)


@cocotb.test()
async def a_sum_a_cycle_comes_out_in_time_and_ready_never_falls(dut):
    bench = await made(dut)
    for raw in (False, True):
        sums_before, beats_before = len(bench.column.cycles), len(bench.monitor.cycles)
        results = await bench.passes(3, len(bench.filters), 20, raw)
        came = bench.column.cycles[sums_before:]
        assert bench.column.refused == 0
        assert came == list(range(came[0], came[0] + len(results)))
        due, inside = [], 0
        for cycle, result in zip(came, results, strict=True):
            inside += 1
            if raw:
                due.append(cycle + RAW_LATENCY)
            elif result.closes or inside == bench.window:
                due.append(cycle + encoded_latency(bench.acc_bits))
                inside = 0
        assert bench.monitor.cycles[beats_before:] == due


@cocotb.test()
async def idle_and_back_pressure_lose_nothing(dut):
    bench = await made(dut)
    for raw in (False, True):
        for bench.column.idle, bench.monitor.stall in (
            (0.5, 0.0),
            (0.0, 0.5),
            (0.5, 0.9),
            (0.0, 0.97),
        ):
            await bench.passes(3, len(bench.filters), 20, raw, density=0.5)
            await bench.passes(2, 1, 160, raw, density=0.5)
    assert bench.column.refused > 0


@cocotb.test()
async def an_output_that_stands_still_stops_the_column_and_loses_nothing(dut):
    bench = await made(dut)
    for raw in (False, True):
        bench.monitor.stall = 1.0
        results = await bench.start(1, 1, 40 * bench.window + 200, raw)
        bench.send(results, bench.sums(results, 0.5), raw)
        await bench.clock.cycles(40 * bench.window + 300)
        assert not is_high(dut.ready_o) and is_high(dut.busy_o)
        bench.monitor.stall = 0.0
        await bench.checker.done(bench.clock, cycles=len(results) + 100)


@cocotb.test()
async def an_overflow_is_kept_until_the_next_pass(dut):
    bench = await made(dut)
    filters = len(bench.filters)
    results = await bench.start(3, filters, 2, False)
    sums = bench.sums(results, 1.0)
    bench.send(results, sums, False)
    assert not is_high(dut.overflow_o)
    await bench.checker.done(bench.clock, cycles=200)
    assert not is_high(dut.overflow_o), "noise without valid_i counted"
    results = await bench.start(3, filters, 2, False)
    bench.send(results, sums, False)
    total, _, ends_tile = bench.column.left[1 % len(results)]
    bench.column.left[1 % len(results)] = (total, True, ends_tile)
    await bench.checker.done(bench.clock, cycles=200)
    assert is_high(dut.overflow_o)
    await bench.clock.cycles(5)
    assert is_high(dut.overflow_o)
    await bench.passes(3, filters, 1)
    assert not is_high(dut.overflow_o)


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    clock = Clock(dut)  # ready_i is low, and nobody watches: a reset may break the stream's law
    for raw in (0, 1):
        await clock.reset()
        dut.raw_i.value = raw
        dut.filter_tiles_i.value = dut.position_tiles_i.value = 9
        for inside in range(1, 30, 7):
            dut.valid_i.value = 1
            await clock.cycles(inside)
            dut.valid_i.value = 0
            await clock.cycles(2)
            assert is_high(dut.busy_o)
            await clock.reset()
            await clock.edge()
            assert not is_high(dut.busy_o) and not is_high(dut.valid_o)
            assert not is_high(dut.overflow_o)
    bench = await made(dut, clock=clock)
    await bench.passes(3, len(bench.filters), 3, density=0.5)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 4, "POSITIONS_INNER": 1, "MAX_FILTERS": 40, "RESULT_LATENCY": 1},
        {"WINDOW": 1, "ACC_W": 64, "RESULT_LATENCY": 32},
        {"WINDOW": 3, "ACC_W": 8, "VALUE_W": 8, "MAX_FILTERS": 1, "RESULT_LATENCY": 14},
        {"WINDOW": 64, "ACC_W": 48, "VALUE_W": 12, "POSITIONS_INNER": 1},
    ],
)
def test_sparsesim_postprocess(simulate, parameters):
    simulate("sparsesim_postprocess", parameters)
