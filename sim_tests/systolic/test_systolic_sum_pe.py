"""systolic_sum_pe.v: its sum is that of the pairs it was told to add, and stands 4 cycles behind
the last of them."""

from __future__ import annotations

import cocotb
import pytest
from bench import DENSITIES, Clock, generator, is_high, parameters, random_values, signed

CYCLES = 400


def wrapped(value: int, bits: int) -> int:
    """A sum as it is kept."""
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


@cocotb.test()
async def results_are_the_sums_of_what_was_added(dut):
    told = parameters()
    act_bits, weight_bits, bits = told["ACT_W"], told["WEIGHT_W"], told["ACC_W"]
    random = generator()
    clock = Clock(dut)
    for density in DENSITIES.values():
        acts = random_values(random, CYCLES, density, act_bits).tolist()
        weights = random_values(random, CYCLES, density, weight_bits).tolist()
        adds = (random.random(CYCLES) < 0.8).tolist()
        firsts = (random.random(CYCLES) < 0.1).tolist()
        lasts = (random.random(CYCLES) < 0.1).tolist()
        firsts[0] = adds[0] = lasts[5] = True
        total, totals = 0, []
        for n in range(CYCLES):
            if adds[n]:
                total = wrapped((0 if firsts[n] else total) + acts[n] * weights[n], bits)
            totals.append(total)
        result = None
        for n in range(CYCLES):
            dut.act_i.value = acts[n] & (1 << act_bits) - 1
            dut.weight_i.value = weights[n] & (1 << weight_bits) - 1
            dut.adds_i.value = int(adds[n - 2]) if n >= 2 else 0
            dut.first_i.value = int(firsts[n - 2]) if n >= 2 else 0
            dut.last_i.value = int(lasts[n - 3]) if n >= 3 else 0
            await clock.edge()
            if n:
                assert signed(int(dut.act_o.value), act_bits) == acts[n - 1]
                assert signed(int(dut.weight_o.value), weight_bits) == weights[n - 1]
                wanted = told["COUNTERS_EN"] and acts[n - 1] and weights[n - 1]
                assert is_high(dut.effectual_o) == bool(wanted)
            if n >= 4 and lasts[n - 4]:
                result = totals[n - 4]
            if result is not None:
                assert signed(int(dut.result_o.value), bits) == result, f"cycle {n}"
        dut.adds_i.value = dut.last_i.value = 0


@cocotb.test()
async def the_headers_example_comes_out(dut):
    clock = Clock(dut)
    told = parameters()
    pairs = {0: (5, 3), 1: (2, -4)}
    for cycle in range(6):
        act, weight = pairs.get(cycle, (1, 1))
        dut.act_i.value, dut.weight_i.value = act, weight & (1 << told["WEIGHT_W"]) - 1
        dut.adds_i.value, dut.first_i.value = int(cycle in (2, 3)), int(cycle == 2)
        dut.last_i.value = int(cycle == 4)
        await clock.edge()
    assert int(dut.result_o.value) == 7


@pytest.mark.parametrize(
    "parameters",
    [
        {"COUNTERS_EN": 1},
        {"ACT_W": 5, "WEIGHT_W": 4, "ACC_W": 8, "COUNTERS_EN": 1},
        {"ACT_W": 8, "WEIGHT_W": 8, "ACC_W": 16},
        {"ACT_W": 16, "WEIGHT_W": 16, "ACC_W": 20},
        {"ACT_W": 16, "WEIGHT_W": 16, "ACC_W": 64},
    ],
)
def test_systolic_sum_pe(simulate, parameters):
    simulate("systolic_sum_pe", parameters)
