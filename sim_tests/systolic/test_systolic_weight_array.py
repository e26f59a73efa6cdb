"""systolic_weight_array.v: a fold's sums stand where and when its header says, and the next fold's
weights come while it works.

Whole passes, with all rules of when folds go, are in test_systolic_array.py.
"""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import Clock, generator, pack, parameters, random_values, signed, unpack

FOLDS = 3


@cocotb.test()
async def folds_add_up_and_sums_leave(dut):
    told = parameters()
    rows, cols, block, depth = told["ROWS"], told["COLS"], told["BLOCK"], told["DEPTH"]
    act_bits, weight_bits, bits = told["ACT_W"], told["WEIGHT_W"], told["ACC_W"]
    selects = int(block > 1)
    choice_bits = max(1, (block - 1).bit_length())
    random, clock = generator(), Clock(dut)
    await clock.reset()
    for _ in range(4):
        acts = random_values(random, (FOLDS, depth, rows, block), 0.8, act_bits)
        weights = random_values(random, (FOLDS, rows, cols), 0.8, weight_bits)
        choices = random.integers(0, block, (FOLDS, rows, cols))
        chosen = np.take_along_axis(acts[:, :, :, None, :], choices[:, None, :, :, None], axis=4)[
            ..., 0
        ]  # (folds, positions, rows, columns)
        sums = (chosen * weights[:, None]).sum(axis=(0, 2))
        interval = max(depth, rows + selects, 4)
        first = rows + 2  # of the first fold's positions; its weights before
        shifts, steps = {}, {}
        for fold in range(FOLDS):
            goes = first + fold * interval
            loads = goes - interval + selects if fold else goes - rows
            shifts.update({loads + n: (fold, rows - 1 - n) for n in range(rows)})
            steps.update({goes + n: (fold, n) for n in range(depth)})
        end = first + FOLDS * interval + rows + cols + 8
        # Column c's sum of the last fold's position p, at the earliest.
        last_goes = first + (FOLDS - 1) * interval
        leaves = {last_goes + p + rows + 4 + selects + cols - 1: p for p in range(depth)}
        came: dict[int, list[int]] = {}
        for cycle in range(end + depth):
            fold, row = shifts.get(cycle, (0, 0))
            dut.shift_i.value = int(cycle in shifts)
            dut.shift_first_i.value = int(cycle in shifts and row == rows - 1)
            field = (1 << weight_bits) - 1
            dut.weight_i.value = pack((weights[fold, row] & field).tolist(), weight_bits)
            dut.choice_i.value = pack(choices[fold, row].tolist(), choice_bits)
            fold, position = steps.get(cycle, (0, 0))
            dut.take_i.value = int(cycle in steps)
            dut.swap_i.value = int(cycle in steps and position == 0)
            dut.starts_i.value, dut.ends_i.value = int(fold == 0), int(fold == FOLDS - 1)
            dut.position_i.value = position
            values = (acts[fold, position] & (1 << act_bits) - 1).ravel().tolist()
            dut.act_i.value = pack(values, act_bits)
            dut.leaves_i.value = leaves.get(cycle, 0)
            await clock.edge()
            if cycle - 2 in leaves:
                found = unpack(int(dut.results_o.value), bits, cols)
                came[leaves[cycle - 2]] = [signed(value, bits) for value in found]
        half = 1 << bits - 1
        wanted = {p: ((sums[p] + half) % (1 << bits) - half).tolist() for p in range(depth)}
        assert came == wanted


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 3, "COLS": 4, "DEPTH": 5},
        {"ROWS": 6, "COLS": 2, "DEPTH": 2, "ACC_W": 16},
        {"ROWS": 1, "COLS": 1, "DEPTH": 1},
        {"ROWS": 3, "COLS": 2, "DEPTH": 3, "BLOCK": 4},
    ],
)
def test_systolic_weight_array(simulate, parameters):
    simulate("systolic_weight_array", parameters)
