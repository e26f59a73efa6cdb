"""broadcast_sums.v: sums are those of two lists; what has left is zero again."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters, signed


async def cleared(dut, clock, rows: int) -> None:
    """Clear all rows."""
    for row in range(rows):
        dut.clear_i.value, dut.drain_row_i.value = 1, row
        await clock.edge()
    dut.clear_i.value = 0
    await clock.cycles(2)


@cocotb.test()
async def sums_are_those_of_two_lists(dut):
    told, random, clock = parameters(), generator(), Clock(dut)
    rows, bits, product_bits = told["PE_SUMS"], told["ACC_W"], told["PRODUCT_W"]
    sums = [[0] * rows, [0] * rows]
    await clock.edge()
    await cleared(dut, clock, rows)
    results: list[int | None] = [None, None]  # of the two cycles to come
    current, row = None, 0
    left = [-1, -1]  # in the two cycles before
    products = [0, 0]  # of the rows of the two cycles before
    low, high = -(1 << product_bits - 1), (1 << product_bits - 1) - 1
    for cycle in range(1500):
        working, settles = cycle // 100 % 2, cycle % 100 < 3  # halves change behind some rest
        adds = not settles and random.random() < 0.8
        drains = not settles and random.random() < 0.3
        same = random.random() < 0.4  # the last one again
        row = row if same else int(random.integers(rows))
        leaving = int(random.integers(rows))
        drains = drains and leaving not in left
        left = [left[1], leaving if drains else -1]
        product = int(random.choice([low, high, 1, int(random.integers(low, high + 1))]))
        dut.add_i.value, dut.add_half_i.value, dut.add_row_i.value = adds, working, row
        products.append(product)
        dut.product_i.value = products.pop(0) & (1 << product_bits) - 1
        dut.drain_i.value, dut.drain_half_i.value = drains, 1 - working
        dut.drain_row_i.value = leaving
        await clock.edge()
        came = results.pop(0)
        current = current if came is None else came
        if current is not None:
            assert signed(int(dut.result_o.value), bits) == current, f"cycle {cycle}"
        results.append(None)
        if drains:
            results[-1], sums[1 - working][leaving] = sums[1 - working][leaving], 0
        if adds:
            total = sums[working][row] + product
            sums[working][row] = (total + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


@cocotb.test()
async def clearing_clears_both_halves(dut):
    told, clock = parameters(), Clock(dut)
    rows = told["PE_SUMS"]
    await clock.edge()
    await cleared(dut, clock, rows)
    for half in range(2):
        for row in range(rows):
            dut.add_i.value, dut.add_half_i.value, dut.add_row_i.value = 1, half, row
            dut.product_i.value = 3
            await clock.edge()
    dut.add_i.value = 0
    await clock.cycles(3)
    await cleared(dut, clock, rows)
    for half in range(2):
        for row in range(rows):
            dut.drain_i.value, dut.drain_half_i.value, dut.drain_row_i.value = 1, half, row
            await clock.edge()
            dut.drain_i.value = 0
            await clock.cycles(2)
            assert int(dut.result_o.value) == 0, f"half {half}, row {row}"


@pytest.mark.parametrize(
    "parameters",
    [
        {"PE_SUMS": 32, "PRODUCT_W": 17, "ACC_W": 32},
        {"PE_SUMS": 1, "PRODUCT_W": 4, "ACC_W": 8},
        {"PE_SUMS": 5, "PRODUCT_W": 32, "ACC_W": 12},
        {"PE_SUMS": 200, "PRODUCT_W": 9, "ACC_W": 64},
    ],
)
def test_broadcast_sums(simulate, parameters):
    simulate("broadcast_sums", parameters)
