"""sparsesim_select.v: each lane gets the next set bit; all masks of small windows, random large
ones.
"""

from __future__ import annotations

import os

import cocotb
import numpy as np
import pytest
from bench import generator, pack, parameters, unpack
from cocotb.triggers import Timer

EXHAUSTIVE_BITS = 8
RANDOM_MASKS = 600


def masks(window: int) -> list[int]:
    """All masks of a window, or single bits, runs and random ones of every density."""
    if window <= EXHAUSTIVE_BITS:
        return list(range(1 << window))
    random = generator()
    full = (1 << window) - 1
    single = [1 << k for k in range(window)]
    runs = [full >> k for k in range(window)] + [full << k & full for k in range(window)]
    drawn = [pack(random.random(window) < random.random(), 1) for _ in range(RANDOM_MASKS)]
    return [0, *single, *(full ^ bit for bit in single), *runs, *drawn]


class Bench:
    """Sets a mask, reads what is chosen of it."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.lanes = told["WINDOW"], told["LANES"]
        self.index_bits = max(1, (self.window - 1).bit_length())

    async def chosen(self, mask: int) -> tuple[list[int], int, bool]:
        """Bits taken, lane 0 first; the bits left; whether none is said to be left."""
        self.dut.mask_i.value = mask
        await Timer(1, "ns")
        valid = unpack(int(self.dut.valid_o.value), 1, self.lanes)
        assert valid == sorted(valid, reverse=True), f"{mask:b}: lanes without a bit before others"
        index = unpack(int(self.dut.index_o.value), self.index_bits, self.lanes)
        return index[: sum(valid)], int(self.dut.rest_o.value), bool(self.dut.empty_o.value)


@cocotb.test()
async def lanes_take_the_lowest_bits_and_leave_the_others(dut):
    bench = Bench(dut)
    for mask in masks(bench.window):
        positions = [k for k in range(bench.window) if mask >> k & 1]
        left = sum(1 << k for k in positions[bench.lanes :])
        expected = (positions[: bench.lanes], left, left == 0)
        got = await bench.chosen(mask)
        assert got == expected, f"mask {mask:b}: {got}, not {expected}"


@cocotb.test()
async def a_mask_is_used_up_in_ceil_of_bits_over_lanes_cycles(dut):
    bench = Bench(dut)
    random = generator(1)
    for density in np.linspace(0, 1, 12):
        mask = pack(random.random(bench.window) < density, 1)
        cycles = max(1, -(-mask.bit_count() // bench.lanes))  # by the header
        taken: list[int] = []
        for cycle in range(cycles):
            index, mask, is_empty = await bench.chosen(mask)
            taken += index
            assert is_empty == (cycle == cycles - 1)
        assert taken == sorted(set(taken)) and mask == 0


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    if (bench.window, bench.lanes) == (8, 2):
        assert await bench.chosen(0b0110_1000) == ([3, 5], 0b0100_0000, False)
        assert await bench.chosen(0b0100_0000) == ([6], 0, True)


TABLE = [(8, 2), (5, 4), (64, 3), (1, 1)]
WIDE = [(window, lanes) for window in (*range(1, 9), 17, 64) for lanes in (1, 2, 3, 4)]


def sets() -> list[dict[str, int]]:
    """More of them under SPARSESIM_EXAMPLES."""
    wide = float(os.environ.get("SPARSESIM_EXAMPLES", "1")) > 1
    pairs = dict.fromkeys(TABLE + (WIDE if wide else []))
    return [{"WINDOW": window, "LANES": lanes} for window, lanes in pairs if lanes <= window]


@pytest.mark.parametrize("parameters", sets())
def test_sparsesim_select(simulate, parameters):
    simulate("sparsesim_select", parameters)
