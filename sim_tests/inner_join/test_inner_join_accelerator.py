"""inner_join_accelerator.v: beats are the package's values of the exact products, encoded, each
once.

Its streams and its counts are those of test_inner_join_array.py; post-processing by itself is in
test_sparsesim_postprocess.py.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Beat, Checker, Monitor, fields, is_high, parameters
from encoded import beats
from inner_join_array_bench import (
    ArrayBench,
    Operands,
    column_results,
    model_count,
    model_sums,
    random_operands,
    sized_operands,
)
from scale_cases import LARGEST

from sparsesim.fixed_point.requantise import requantise


@dataclass(frozen=True)
class Layer:
    """The layer's parameters, in the order of the package's `sparsesim_requantise`."""

    relu: bool
    threshold: int
    zero_point: int
    low: int
    high: int


LAYERS = [
    Layer(False, 0, 0, -128, 127),
    Layer(True, 9, 0, 0, 255),
    Layer(False, 20, 17, 0, 255),
    Layer(True, 0, -100, -128, 127),
]


class Bench(ArrayBench):
    """The array's bench, which watches the sums, and beats behind it."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut, results="sum")
        told = parameters()
        self.value_bits, self.max_filters = told["VALUE_W"], told["MAX_FILTERS"]
        cols = self.machine.cols
        self.outputs = [Checker(f"beats of column {column}") for column in range(cols)]
        ports = (
            fields(getattr(dut, f"out_{name}"), cols)
            for name in ("valid_o", "data_o", "last_o", "ready_i")
        )
        self.takers = [
            Monitor(self.clock, valid, {"beat": beat, "last": last}, check, ready, stream=40 + n)
            for n, (valid, beat, last, ready, check) in enumerate(
                zip(*ports, self.outputs, strict=True)
            )
        ]
        self.scales: list[tuple[int, int, int]] = []  # bias, multiplier, shift of each filter
        self.layer = LAYERS[0]
        self.raw = False

    def set_stall(self, probability: float) -> None:
        """Beats are taken in the other cycles."""
        for taker in self.takers:
            taker.stall = probability

    async def set_layer(self, layer: Layer) -> None:
        """Store a layer's parameters, and random ones of its filters that suit the sums."""
        self.layer = layer
        sum_bits = min(self.machine.acc_bits, self.machine.act_bits + self.machine.weight_bits)
        for name, value in layer.__dict__.items():
            getattr(self.dut, f"{name}_i").value = int(value) & (1 << self.value_bits + 1) - 1
        self.scales = []
        self.dut.param_we_i.value = 1
        for number in range(self.max_filters):
            bias = int(self.random.integers(-(1 << sum_bits - 2), 1 << sum_bits - 2))
            multiplier = int(self.random.integers(1 << 31, LARGEST, endpoint=True))
            shift = 32 + max(sum_bits - self.value_bits, 0)
            self.scales.append((bias, multiplier, shift))
            self.dut.param_index_i.value = number
            self.dut.param_bias_i.value = bias & LARGEST
            self.dut.param_multiplier_i.value = multiplier
            self.dut.param_shift_i.value = shift
            await self.clock.edge()
        self.dut.param_we_i.value = 0

    def expect(self, operands: Operands) -> None:
        """Their sums come next, and their beats."""
        super().expect(operands)
        self.dut.raw_i.value = int(self.raw)
        bits = self.machine.acc_bits
        sums = model_sums(operands, self.machine)[0]
        sums = (sums + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)  # wrapped
        bias, multiplier, shift = zip(*self.scales[: len(sums)], strict=True)
        values = requantise(
            sums,
            np.array(bias, np.int64),
            np.array(multiplier, np.uint32),
            np.array(shift, np.uint8),
            *astuple(self.layer),
        )
        for column, checker in enumerate(self.outputs):
            checker.expect(self._beats(operands, sums, values, column))

    def _beats(
        self, operands: Operands, sums: np.ndarray, values: np.ndarray, column: int
    ) -> list[Beat]:
        """Beats of a column; sums and values are (filters, positions)."""
        results = column_results(operands, self.machine, column)
        at = [(r.filter, r.position_tile * self.machine.cols + column) for r in results]
        if self.raw:
            field = (1 << self.machine.acc_bits) - 1
            return [
                {"beat": int(sums[place]) & field, "last": int(result.closes)}
                for place, result in zip(at, results, strict=True)
            ]
        field = (1 << self.value_bits) - 1
        elements = [
            (int(z) & field, int(z != self.layer.zero_point), int(result.closes))
            for z, result in zip((values[place] for place in at), results, strict=True)
        ]
        return beats(elements, self.machine.window, self.value_bits)

    async def outputs_are_the_models(self, operands: Operands, exact: bool = True) -> None:
        """A pass: all beats came before its end; exact: its cycles are the model's too."""
        counted = await self.passes(operands)
        for checker in self.outputs:
            await checker.done(self.clock, cycles=0)
        expected = model_count(operands, self.machine)
        assert counted.cycles == expected.cycles or (not exact and counted.cycles > expected.cycles)
        if exact and parameters()["COUNTERS_EN"]:
            assert counted.classes == expected.classes
        overflowed = bool(model_sums(operands, self.machine)[1].any())
        assert is_high(self.dut.overflow_o) == overflowed

    async def reset(self) -> None:
        """As for the array; no beat is expected any more either. Beats must not be stalled."""
        await super().reset()
        self.outputs = [Checker(checker.name) for checker in self.outputs]
        for taker, checker in zip(self.takers, self.outputs, strict=True):
            taker.take = checker

    def operands(self, density: float = 0.5, windows: int = 4) -> Operands:
        """Random operands of a pass."""
        return random_operands(self.random, self.machine, (density, density), windows=windows)


async def made(dut) -> Bench:
    """A bench out of reset, with parameters of a layer."""
    bench = Bench(dut)
    await bench.reset()
    await bench.set_layer(LAYERS[2])
    return bench


@cocotb.test()
async def outputs_of_every_density_and_layer_are_the_models(dut):
    bench = await made(dut)
    for layer in LAYERS:
        await bench.set_layer(layer)
        for density in DENSITIES.values():
            await bench.outputs_are_the_models(bench.operands(density))
            await bench.outputs_are_the_models(bench.operands(density, windows=1))


@cocotb.test()
async def raw_beats_are_the_sums(dut):
    bench = await made(dut)
    for bench.raw in (True, False, True):
        await bench.outputs_are_the_models(bench.operands())
        await bench.outputs_are_the_models(bench.operands(windows=1))


@cocotb.test()
async def back_pressure_and_idle_streams_lose_nothing(dut):
    bench = await made(dut)
    for bench.raw in (False, True):
        for bench.idle, stall in ((0.0, 0.5), (0.5, 0.0), (0.3, 0.9), (0.0, 0.97)):
            bench.set_stall(stall)
            for windows in (1, 4):
                await bench.outputs_are_the_models(bench.operands(windows=windows), exact=False)
    bench.idle = 0.0
    bench.set_stall(0.0)
    await bench.clock.cycles(2)
    await bench.outputs_are_the_models(bench.operands())


@cocotb.test()
async def an_output_that_stands_still_stops_the_array_and_the_pass_is_not_over(dut):
    bench = await made(dut)
    # Raw sums of one window a tile, a sum a cycle: more of them than a column can hold.
    tiles = 12
    size = (tiles * bench.machine.cols, min(bench.max_filters, 5 * bench.machine.rows), 1)
    for bench.raw in (True, False):
        for let_go in (0, 30, 47):
            operands = sized_operands(bench.random, bench.machine, size)
            await bench.start(operands)
            await bench.clock.cycles(let_go)
            bench.set_stall(1.0)
            await bench.clock.cycles(200)
            assert is_high(dut.busy_o)
            bench.set_stall(0.0)
            await bench.finish()
            for checker in bench.outputs:
                await checker.done(bench.clock, cycles=0)


@cocotb.test()
async def the_last_beat_keeps_the_pass_open(dut):
    bench = await made(dut)
    size = (bench.machine.cols, bench.machine.rows, 1)
    for column in range(bench.machine.cols):
        await bench.start(sized_operands(bench.random, bench.machine, size))
        bench.takers[column].stall = 1.0
        await bench.clock.cycles(150)  # the array has been quiet for long
        assert is_high(dut.busy_o)
        bench.takers[column].stall = 0.0
        await bench.finish()
        for checker in bench.outputs:
            await checker.done(bench.clock, cycles=0)


@cocotb.test()
async def overflows_of_a_pass_are_told_until_the_next(dut):
    bench = await made(dut)
    limit = 1 << bench.machine.acc_bits - 1
    largest = 1 << bench.machine.act_bits + bench.machine.weight_bits - 2
    reduction = 2 * limit // largest + 1
    if reduction > 200:
        return
    for column in (*range(bench.machine.cols), None):
        acts = np.zeros((bench.machine.cols, reduction), np.int64)
        if column is not None:
            acts[column] = -(1 << bench.machine.act_bits - 1)
        weights = np.full((1, reduction), -(1 << bench.machine.weight_bits - 1))
        await bench.outputs_are_the_models(Operands(acts, weights))


@cocotb.test()
async def a_pass_behind_a_reset_is_clean(dut):
    bench = await made(dut)
    for bench.raw in (False, True, False):
        operands = bench.operands()
        length = model_count(operands, bench.machine).cycles
        await bench.start(operands)
        await bench.clock.cycles(int(bench.random.integers(1, length + 30)))
        await bench.reset()
        await bench.clock.edge()
        assert not is_high(dut.busy_o) and not int(dut.out_valid_o.value)
        await bench.outputs_are_the_models(bench.operands())


DEFAULT = [
    {
        "ROWS": 2, "COLS": 3, "WINDOW": 4, "QUEUE_DEPTH": 2, "MAX_FILTERS": 10, "COUNTERS_EN": 1,
    },
    {
        "ROWS": 5, "COLS": 2, "WINDOW": 3, "LANES": 2, "FEED_LATENCY": 2, "ACC_W": 18,
        "POSITIONS_INNER": 1, "MAX_FILTERS": 25,
    },
]  # fmt: skip


@pytest.mark.parametrize("parameters", DEFAULT)
def test_inner_join_accelerator(simulate, parameters):
    simulate("inner_join_accelerator", parameters)
