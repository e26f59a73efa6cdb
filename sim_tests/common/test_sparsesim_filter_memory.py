"""sparsesim_filter_memory.v: what was written to a filter comes two cycles behind its index."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, is_high, parameters

WORDS = {"bias": 32, "multiplier": 32, "shift": 6}
Words = dict[str, int]


class Bench:
    """Writes and reads at random; a watcher knows what was written, and compares every cycle."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.max_filters = parameters()["MAX_FILTERS"]
        self.clock = Clock(dut)
        self.compared = 0
        self._random = generator()
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        dut, stored = self.dut, dict[int, Words]()
        due: list[Words | None] = [None, None]  # of the cycle before the last, of the last
        while True:
            await self.clock.edge()
            expected = due.pop(0)
            if expected is not None:
                found = {name: int(getattr(dut, f"{name}_o").value) for name in WORDS}
                assert found == expected, f"cycle {self.clock.cycle}"
                self.compared += 1
            number, written = int(dut.index_i.value), int(dut.param_index_i.value)
            is_written = is_high(dut.param_we_i) and written < self.max_filters
            # What a read in the cycle of the write gives, nobody asks.
            due.append(None if is_written and written == number else stored.get(number))
            if is_written:
                stored[written] = {
                    name: int(getattr(dut, f"param_{name}_i").value) for name in WORDS
                }

    async def cycle(self, write: bool, written: int, read: int) -> None:
        """A cycle in which random parameters stand at the input, written or not."""
        self.dut.param_we_i.value = int(write)
        self.dut.param_index_i.value = written
        for name, bits in WORDS.items():
            getattr(self.dut, f"param_{name}_i").value = int(self._random.integers(1 << bits))
        self.dut.index_i.value = read
        await self.clock.edge()

    def some(self) -> list[int]:
        """Numbers of filters: the least, the most, and some between."""
        most = self.max_filters
        return sorted({0, 1 % most, most - 1, *self._random.integers(0, most, 12).tolist()})


@cocotb.test()
async def each_filter_has_what_was_written_last(dut):
    bench = Bench(dut)
    numbers, random = bench.some(), generator(1)
    for number in numbers:
        await bench.cycle(True, number, 0)
    for _ in range(600):
        written, read = random.choice(numbers, 2).tolist()
        await bench.cycle(random.random() < 0.3, written, read)
    assert bench.compared > 300


@cocotb.test()
async def a_written_parameter_is_there_in_the_next_cycle(dut):
    bench = Bench(dut)
    for number in bench.some():
        await bench.cycle(True, number, 0)
        await bench.cycle(False, 0, number)
    await bench.clock.cycles(3)
    assert bench.compared >= len(bench.some())


@cocotb.test()
async def filters_without_a_place_change_nothing(dut):
    bench = Bench(dut)
    numbers = bench.some()
    for number in numbers:
        await bench.cycle(True, number, 0)
    round_up = 1 << (bench.max_filters - 1).bit_length()  # whose low bits are those of filter 0
    for number in (bench.max_filters, round_up, 2 * round_up, (1 << 16) - 1):
        await bench.cycle(True, number, numbers[-1])
    for number in numbers:
        await bench.cycle(False, 0, number)
    await bench.clock.cycles(3)
    assert bench.compared >= len(numbers)


@pytest.mark.parametrize("parameters", [{}, {"MAX_FILTERS": 1}, {"MAX_FILTERS": 20}])
def test_sparsesim_filter_memory(simulate, parameters):
    simulate("sparsesim_filter_memory", parameters)
