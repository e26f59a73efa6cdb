"""sparsesim_filter_parameters.v: each sum meets its filter's parameters, two cycles later."""

from __future__ import annotations

import cocotb
import pytest
from bench import Checker, Clock, Driver, generator, is_high, parameters
from result_order import Result, results_of_pass

WORDS = {"bias": 32, "multiplier": 32, "shift": 6}


class Bench:
    """Driver of sums, monitor of what stands beside them two cycles later, checker."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.max_filters, self.positions_inner = told["MAX_FILTERS"], bool(told["POSITIONS_INNER"])
        self.clock = Clock(dut)
        self.checker = Checker("parameters")
        self.driver = Driver(self.clock, dut.valid_i, None, {"last": dut.last_i})
        self.stored: dict[int, dict[str, int]] = {}
        self._random = generator(11)
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        came, is_due = False, False  # a sum in the last cycle, in the one before
        while True:
            await self.clock.edge()
            if is_due:
                outputs = {name: int(getattr(self.dut, f"{name}_o").value) for name in WORDS}
                self.checker({**outputs, "closes": int(self.dut.closes_o.value)})
            came, is_due = is_high(self.dut.valid_i), came

    async def write(self, number: int) -> None:
        """Store random parameters of a filter; the memory may not have it."""
        words = {name: int(self._random.integers(1 << bits)) for name, bits in WORDS.items()}
        self.dut.param_we_i.value = 1
        self.dut.param_index_i.value = number
        for name, word in words.items():
            getattr(self.dut, f"param_{name}_i").value = word
        await self.clock.edge()
        self.dut.param_we_i.value = 0
        if number < self.max_filters:
            self.stored[number] = words

    async def begin(self, rows: int, filters: int, position_tiles: int) -> list[Result]:
        """Start a pass; returns the results that it gives."""
        self.dut.filter_tiles_i.value = -(-filters // rows)
        self.dut.position_tiles_i.value = position_tiles
        self.dut.start_i.value = 1
        await self.clock.edge()
        self.dut.start_i.value = 0
        return results_of_pass(rows, filters, position_tiles, self.positions_inner)

    async def send(self, results: list[Result]) -> None:
        """Send these sums; each meets its parameters."""
        self.checker.expect(
            {**self.stored[result.filter], "closes": int(result.closes)} for result in results
        )
        await self.driver.send({"last": int(result.ends_tile)} for result in results)
        await self.checker.done(self.clock, cycles=4)


@cocotb.test()
async def sums_meet_their_filters_parameters(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for number in range(bench.max_filters):
        await bench.write(number)
    for bench.driver.idle in (0.0, 0.6):
        for rows in (1, 3, 16):
            for filters in (1, 2, 3, 7, bench.max_filters):
                for position_tiles in (1, 2, 5):
                    if filters <= min(bench.max_filters, 20 * rows):
                        await bench.send(await bench.begin(rows, filters, position_tiles))


@cocotb.test()
async def a_new_pass_and_a_reset_count_from_filter_0(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for number in range(min(bench.max_filters, 8)):
        await bench.write(number)
    filters = min(bench.max_filters, 8)
    results = await bench.begin(3, filters, 2)
    for stop in range(len(results)):
        await bench.send(results[:stop])
        if stop % 2:
            results = await bench.begin(3, filters, 2)
        else:
            await bench.clock.reset()


@cocotb.test()
async def a_written_parameter_is_there_in_the_next_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for _ in range(5):
        results = await bench.begin(1, 1, 1)
        await bench.write(0)
        await bench.send(results)


@cocotb.test()
async def filters_without_a_place_change_nothing(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    filters = min(bench.max_filters, 16)
    for number in range(filters):
        await bench.write(number)
    round_up = 1 << (bench.max_filters - 1).bit_length()  # whose low bits are those of filter 0
    for number in (bench.max_filters, round_up, 2 * round_up, (1 << 16) - 1):
        await bench.write(number)
    await bench.send(await bench.begin(16, filters, 1))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"POSITIONS_INNER": 1},
        {"MAX_FILTERS": 1},
        {"MAX_FILTERS": 20, "POSITIONS_INNER": 1},
    ],
)
def test_sparsesim_filter_parameters(simulate, parameters):
    simulate("sparsesim_filter_parameters", parameters)
