"""sparsesim_bitmask_decoder.v: windows are the elements that were encoded, less the zero point."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import numpy as np
import pytest
from bench import (
    DENSITIES,
    Checker,
    Clock,
    Driver,
    Monitor,
    generator,
    is_high,
    mask,
    pack,
    parameters,
)
from encoded import beat

LATENCY = 2  # from a beat to its window


@dataclass(frozen=True)
class Storage:
    """How values are stored: signed or not, and their zero point."""

    is_signed: bool
    zero_point: int


class Bench:
    """Driver of beats, monitor of windows, and the checker between them."""

    def __init__(self, dut, clock: Clock | None = None) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.value_bits = told["WINDOW"], told["VALUE_W"]
        self.operand_bits = told["OPERAND_W"]
        self.clock = clock or Clock(dut)
        self.checker = Checker("windows")
        payload = {"mask": dut.mask_o, "operands": dut.operands_o}
        self.monitor = Monitor(self.clock, dut.valid_o, payload, self.checker, ready=dut.ready_i)
        self.driver = Driver(self.clock, dut.valid_i, dut.ready_o, {"beat": dut.beat_i})

    def storages(self) -> list[Storage]:
        """Zero points in the middle, at and near both ends, of which the operands hold the rest."""
        most = (1 << self.value_bits) - 1
        half = most >> 1
        every = [Storage(False, zero) for zero in (0, half, half + 1, most)]
        every += [Storage(True, zero) for zero in (0, -half - 1, half, -3 % half)]
        if self.operand_bits <= self.value_bits:  # signed values without a zero point
            return [Storage(True, 0)]
        return every

    def windows(self, count: int, density: float, storage: Storage) -> np.ndarray:
        """Stored values, (count, window), of which a share is not the zero point; ends included."""
        random = generator(3)
        low = -(1 << self.value_bits - 1) if storage.is_signed else 0
        high = low + (1 << self.value_bits) - 1
        values = random.integers(low, high, (count, self.window), endpoint=True)
        edge = random.random(values.shape)
        values = np.where(edge < 0.1, low, np.where(edge > 0.9, high, values))
        return np.where(random.random(values.shape) < density, values, storage.zero_point)

    async def send(self, windows: np.ndarray, storage: Storage) -> list[int]:
        """Returns the cycle that took each beat."""
        self.dut.signed_i.value = int(storage.is_signed)
        self.dut.zero_point_i.value = storage.zero_point & (1 << self.value_bits + 1) - 1
        operands = windows - storage.zero_point
        self.checker.expect(
            {"mask": mask(row), "operands": pack(row, self.operand_bits)} for row in operands
        )
        field = (1 << self.value_bits) - 1
        return await self.driver.send(
            {
                "beat": beat(
                    [(int(v) & field, int(v != storage.zero_point)) for v in row],
                    self.window,
                    self.value_bits,
                )
            }
            for row in windows
        )

    async def decodes(self, windows: np.ndarray, storage: Storage) -> None:
        """All windows come."""
        await self.send(windows, storage)
        await self.checker.done(self.clock, cycles=30 * len(windows) + 20)


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    if bench.window != 4 or bench.value_bits != 8:
        return
    dut.signed_i.value, dut.zero_point_i.value = 1, 5
    bench.checker.expect([{"mask": 0b0101, "operands": pack([2, 0, 4, 0], bench.operand_bits)}])
    await bench.driver.send([{"beat": 0b0101 << 32 | 9 << 8 | 7}])
    await bench.checker.done(bench.clock, cycles=10)


@cocotb.test()
async def every_density_comes_out_a_window_a_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for storage in bench.storages():
        for density in DENSITIES.values():
            before = len(bench.monitor.cycles)
            sent = await bench.send(bench.windows(20, density, storage), storage)
            await bench.checker.done(bench.clock, cycles=LATENCY + 2)
            assert sent == list(range(sent[0], sent[0] + len(sent))), "a bubble"
            assert bench.monitor.cycles[before:] == [cycle + LATENCY for cycle in sent]


@cocotb.test()
async def set_elements_may_be_stored_as_zero(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for storage in bench.storages():
        if storage.zero_point != 0:
            zeros = np.zeros((3, bench.window), np.int64)
            await bench.decodes(zeros, storage)


@cocotb.test()
async def idle_and_back_pressure_lose_nothing(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    storage = bench.storages()[-1]
    for bench.driver.idle, bench.monitor.stall in ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (0.0, 0.9)):
        for density in DENSITIES.values():
            await bench.decodes(bench.windows(40, density, storage), storage)


@cocotb.test()
async def ready_falls_only_behind_two_windows(dut):
    bench = Bench(dut)
    bench.monitor.stall = 1.0
    await bench.clock.reset()
    storage = bench.storages()[0]
    assert await bench.send(bench.windows(2, 0.5, storage), storage) == [0, 1]
    await bench.clock.cycles(2)
    assert not is_high(dut.ready_o) and is_high(dut.valid_o)
    bench.monitor.stall = 0.0
    await bench.checker.done(bench.clock, cycles=10)
    assert is_high(dut.ready_o)


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    clock = Clock(dut)  # ready_i is low, and nobody watches: a reset may break the stream's law
    await clock.reset()
    await Driver(clock, dut.valid_i, dut.ready_o, {"beat": dut.beat_i}).send([{"beat": 1}] * 2)
    await clock.reset()
    bench = Bench(dut, clock)
    storage = bench.storages()[0]
    await bench.decodes(bench.windows(10, 0.5, storage), storage)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 4},
        {"WINDOW": 1, "OPERAND_W": 16},
        {"WINDOW": 5, "VALUE_W": 4, "OPERAND_W": 5},
        {"WINDOW": 16, "OPERAND_W": 8},
        {"WINDOW": 32, "VALUE_W": 16, "OPERAND_W": 17},
        pytest.param({"WINDOW": 64, "VALUE_W": 16, "OPERAND_W": 17}, marks=pytest.mark.wide),
    ],
)
def test_sparsesim_bitmask_decoder(simulate, parameters):
    simulate("sparsesim_bitmask_decoder", parameters)
