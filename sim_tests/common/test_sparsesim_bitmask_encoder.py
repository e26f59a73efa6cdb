"""sparsesim_bitmask_encoder.v: beats are windows of the package's bitmask format, without a
bubble.
"""

from __future__ import annotations

import cocotb
import pytest
from bench import DENSITIES, Checker, Clock, Driver, Monitor, generator, is_high, parameters
from encoded import beat, beats

LATENCY = 2  # from a beat's closing element to the beat

Element = tuple[int, int, int]


class Bench:
    """Driver of elements, monitor of beats, and the checker between them."""

    def __init__(self, dut, clock: Clock | None = None) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.value_bits = told["WINDOW"], told["VALUE_W"]
        self.clock = clock or Clock(dut)
        self.checker = Checker("beats")
        self.monitor = Monitor(
            self.clock,
            dut.valid_o,
            {"beat": dut.beat_o, "last": dut.last_o},
            self.checker,
            ready=dut.ready_i,
        )
        payload = {"value": dut.value_i, "mask": dut.mask_i, "last": dut.last_i}
        self.driver = Driver(self.clock, dut.valid_i, dut.ready_o, payload)

    def elements(self, count: int, density: float, last: float) -> list[Element]:
        """Random ones, the last one closing; a clear mask bit comes with any value."""
        random = generator(7)
        values = random.integers(0, 1 << self.value_bits, count).tolist()
        masks = (random.random(count) < density).astype(int).tolist()
        lasts = (random.random(count) < last).astype(int).tolist()
        return list(zip(values, masks, [*lasts[:-1], 1], strict=True))

    async def send(self, elements: list[Element]) -> list[int]:
        """Returns the cycle that took each."""
        self.checker.expect(beats(elements, self.window, self.value_bits))
        return await self.driver.send(
            {"value": value, "mask": bit, "last": last} for value, bit, last in elements
        )

    async def encodes(self, elements: list[Element]) -> None:
        """All beats come, and nothing stays inside."""
        await self.send(elements)
        await self.checker.done(self.clock, cycles=20 * len(elements) + 50)
        assert not is_high(self.dut.busy_o)


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    # Mask 0101, values 2 and 3, the first one lowest.
    by_hand = 0b0101 << bench.window * bench.value_bits | 3 << bench.value_bits | 2
    elements = [(2, 1, 0), (0, 0, 0), (3, 1, 0), (0, 0, 1)]
    if bench.window >= 4:
        assert beat([e[:2] for e in elements], bench.window, bench.value_bits) == by_hand
    await bench.encodes(elements)


@cocotb.test()
async def every_density_comes_out_an_element_a_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for density in DENSITIES.values():
        for last in (0.0, 0.1, 1.0):
            elements = bench.elements(6 * bench.window + 5, density, last)
            before = len(bench.monitor.cycles)
            sent = await bench.send(elements)
            await bench.checker.done(bench.clock, cycles=LATENCY + 2)
            assert sent == list(range(sent[0], sent[0] + len(sent))), "a bubble"
            closing, inside = [], 0
            for cycle, (_, _, is_last) in zip(sent, elements, strict=True):
                inside += 1
                if is_last or inside == bench.window:
                    closing.append(cycle)
                    inside = 0
            assert bench.monitor.cycles[before:] == [cycle + LATENCY for cycle in closing]


@cocotb.test()
async def idle_and_back_pressure_lose_nothing(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for bench.driver.idle, bench.monitor.stall in ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (0.0, 0.9)):
        for density in DENSITIES.values():
            await bench.encodes(bench.elements(4 * bench.window + 3, density, 0.1))
            await bench.encodes(bench.elements(20, density, 1.0))


@cocotb.test()
async def ready_falls_only_behind_two_finished_beats(dut):
    bench = Bench(dut)
    bench.monitor.stall = 1.0
    await bench.clock.reset()
    sent = await bench.send([(1, 1, 0)] * (2 * bench.window))
    assert sent == list(range(2 * bench.window))
    await bench.clock.cycles(2)
    assert not is_high(dut.ready_o) and is_high(dut.valid_o) and is_high(dut.busy_o)
    bench.monitor.stall = 0.0
    await bench.checker.done(bench.clock, cycles=10)
    assert is_high(dut.ready_o) and not is_high(dut.busy_o)


@cocotb.test()
async def reset_drops_an_unfinished_window(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for count in range(1, min(bench.window, 4)):
        await bench.driver.send([{"value": 1, "mask": 1, "last": 0}] * count)
        await bench.clock.reset()
        assert not is_high(dut.busy_o)
        await bench.encodes(bench.elements(3 * bench.window, 0.5, 0.1))


@cocotb.test()
async def reset_drops_finished_beats(dut):
    clock = Clock(dut)  # ready_i is low, and nobody watches: a reset may break the stream's law
    await clock.reset()
    window = parameters()["WINDOW"]
    payload = {"value": dut.value_i, "mask": dut.mask_i, "last": dut.last_i}
    driver = Driver(clock, dut.valid_i, dut.ready_o, payload)
    await driver.send([{"value": 1, "mask": 1, "last": 0}] * 2 * window)
    await clock.reset()
    bench = Bench(dut, clock)
    await bench.encodes(bench.elements(3 * window, 0.5, 0.1))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 1},
        {"WINDOW": 4, "VALUE_W": 12},
        {"WINDOW": 5, "VALUE_W": 2},
        {"WINDOW": 64, "VALUE_W": 16},
    ],
)
def test_sparsesim_bitmask_encoder(simulate, parameters):
    simulate("sparsesim_bitmask_encoder", parameters)
