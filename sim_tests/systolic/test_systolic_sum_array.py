"""systolic_sum_array.v: a tile's sums stand where and when its header says, while the next one's
add up.

Whole passes, with all rules of when tiles go, are in test_systolic_array.py.
"""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, pack, parameters, random_values, signed, unpack

TILES = 3


@cocotb.test()
async def tiles_add_up_and_sums_leave(dut):
    told = parameters()
    rows, cols = told["ROWS"], told["COLS"]
    act_bits, weight_bits, bits = told["ACT_W"], told["WEIGHT_W"], told["ACC_W"]
    levels = ((rows - 1).bit_length() or 1) + 1 >> 1
    random, clock = generator(), Clock(dut)
    await clock.reset()
    for elements in (rows + cols, 2 * rows + cols + 3):
        acts = random_values(random, (TILES, elements, rows), 0.8, act_bits)
        weights = random_values(random, (TILES, elements, cols), 0.8, weight_bits)
        steps = {
            1 + tile * elements + n: (tile, n) for tile in range(TILES) for n in range(elements)
        }
        # Row r's sums of all columns, at the earliest.
        leaves = {
            1 + (tile + 1) * elements - 1 + r + cols - 1 + 2: (tile, r)
            for tile in range(TILES)
            for r in range(rows)
        }
        came = {}
        for cycle in range(1 + TILES * elements + rows + cols + levels + 8):
            tile, n = steps.get(cycle, (0, 0))
            dut.take_i.value = int(cycle in steps)
            dut.starts_i.value = int(cycle in steps and n == 0)
            dut.ends_i.value = int(cycle in steps and n == elements - 1)
            field = (1 << act_bits) - 1
            dut.act_i.value = pack((acts[tile, n] & field).tolist(), act_bits)
            field = (1 << weight_bits) - 1
            dut.weight_i.value = pack((weights[tile, n] & field).tolist(), weight_bits)
            dut.leaves_i.value = leaves.get(cycle, (0, 0))[1]
            await clock.edge()
            if cycle - 2 - levels in leaves:
                found = unpack(int(dut.results_o.value), bits, cols)
                came[leaves[cycle - 2 - levels]] = [signed(value, bits) for value in found]
        half = 1 << bits - 1
        sums = (acts[:, :, :, None] * weights[:, :, None, :]).sum(axis=1)
        if bits < 64:
            sums = (sums + half) % (1 << bits) - half
        assert came == {(t, r): sums[t, r].tolist() for t in range(TILES) for r in range(rows)}


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 3, "COLS": 4},
        {"ROWS": 6, "COLS": 2, "ACC_W": 16},
        {"ROWS": 1, "COLS": 1, "ACC_W": 64},
    ],
)
def test_systolic_sum_array(simulate, parameters):
    simulate("systolic_sum_array", parameters)
