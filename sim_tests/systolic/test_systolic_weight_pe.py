"""systolic_weight_pe.v: a product is added to what is above, 3 cycles behind its activation; the
next weight waits until it is told to take over."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import Clock, generator, is_high, pack, parameters, random_values, signed

CYCLES = 400


@cocotb.test()
async def sums_are_those_of_the_weights_in_work(dut):
    told = parameters()
    block, act_bits, weight_bits = told["BLOCK"], told["ACT_W"], told["WEIGHT_W"]
    selects = int(block > 1)
    random = generator()
    clock = Clock(dut)
    acts = random_values(random, (CYCLES, block), 0.7, act_bits).tolist()
    weights = random_values(random, CYCLES, 0.7, weight_bits).tolist()
    choices = random.integers(0, block, CYCLES).tolist()
    sums = random.integers(-(1 << told["SUM_W"] - 1), 1 << told["SUM_W"] - 1, CYCLES).tolist()
    shifts = (random.random(CYCLES) < 0.5).tolist()
    swaps = (random.random(CYCLES) < 0.3).tolist()
    shifts[0], swaps[0], swaps[1] = True, False, True
    if selects:  # the weight takes over a cycle behind its choice
        shifts = [shift and not swap for shift, swap in zip(shifts, swaps, strict=True)]
    link, used, products = (0, 0), [], []
    for n in range(CYCLES):
        if swaps[n] or not used:
            in_work = link
        used.append(in_work)
        weight, choice = in_work
        products.append(acts[n][choice] * weight)
        if shifts[n]:
            link = weights[n], choices[n]
    links = []
    for n in range(CYCLES):
        dut.act_i.value = pack([value & (1 << act_bits) - 1 for value in acts[n]], act_bits)
        dut.weight_i.value = weights[n] & (1 << weight_bits) - 1
        dut.choice_i.value = choices[n]
        dut.sum_i.value = sums[n] & (1 << told["SUM_W"]) - 1
        dut.shift_i.value, dut.swap_i.value = int(shifts[n]), int(swaps[n])
        await clock.edge()
        if n:
            wanted = pack([value & (1 << act_bits) - 1 for value in acts[n - 1]], act_bits)
            assert int(dut.act_o.value) == wanted
            assert is_high(dut.swap_o) == swaps[n - 1] and is_high(dut.shift_o) == shifts[n - 1]
            links.append(weights[n - 1] if shifts[n - 1] else links[-1])
            assert signed(int(dut.weight_o.value), weight_bits) == links[-1]
        made = n - 1 - selects  # the product that is made in this cycle
        if made >= 1:
            activation = acts[made][used[made][1]]
            wanted = told["COUNTERS_EN"] and activation and used[made][0]
            assert is_high(dut.effectual_o) == bool(wanted), f"cycle {n}"
        met = n - 3 - selects
        if met >= 1:
            wanted = np.int64(products[met] + sums[n - 1]) & (1 << told["SUM_W"]) - 1
            assert int(dut.sum_o.value) == wanted, f"cycle {n}"


@cocotb.test()
async def the_headers_example_comes_out(dut):
    if parameters()["BLOCK"] > 1:
        return
    clock = Clock(dut)
    bits = parameters()["WEIGHT_W"]
    dut.weight_i.value, dut.shift_i.value = 3 & (1 << bits) - 1, 1
    await clock.edge()
    dut.shift_i.value, dut.swap_i.value, dut.act_i.value = 0, 1, 5
    await clock.edge()
    dut.swap_i.value, dut.act_i.value = 0, 0
    await clock.edge()
    assert int(dut.act_o.value) == 5
    dut.sum_i.value = 7
    await clock.cycles(2)
    assert int(dut.sum_o.value) == 22


@pytest.mark.parametrize(
    "parameters",
    [
        {"COUNTERS_EN": 1},
        {"ACT_W": 4, "WEIGHT_W": 5, "SUM_W": 9},
        {"ACT_W": 16, "WEIGHT_W": 16, "SUM_W": 20, "COUNTERS_EN": 1},
        {"BLOCK": 2, "COUNTERS_EN": 1},
        {"BLOCK": 4, "SUM_W": 33},
        {"BLOCK": 8, "ACT_W": 5, "COUNTERS_EN": 1},
        {"BLOCK": 3},
    ],
)
def test_systolic_weight_pe(simulate, parameters):
    simulate("systolic_weight_pe", parameters)
