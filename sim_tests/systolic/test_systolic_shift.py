"""systolic_shift.v: what enters leaves CYCLES later, unchanged; with RESET it is cleared."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters


@cocotb.test()
async def each_word_leaves_after_exactly_that_many_cycles(dut):
    told = parameters()
    clock = Clock(dut)
    await clock.reset()
    sent = [int(word) for word in generator().integers(0, 1 << told["WIDTH"], 100)]
    for cycle, word in enumerate(sent):
        dut.d_i.value = word
        await clock.edge()
        if cycle >= told["CYCLES"]:
            assert int(dut.q_o.value) == sent[cycle - told["CYCLES"]], f"cycle {cycle}"


@cocotb.test()
async def reset_clears_it_or_lets_data_pass(dut):
    told = parameters()
    ones = (1 << told["WIDTH"]) - 1
    clock = Clock(dut)
    await clock.reset()
    dut.d_i.value = ones
    await clock.cycles(told["CYCLES"] + 1)
    dut.rst_ni.value = 0
    await clock.cycles(2)
    dut.rst_ni.value = 1
    is_clear = told["RESET"] and told["CYCLES"]
    for cycle in range(told["CYCLES"]):
        await clock.edge()
        assert int(dut.q_o.value) == (0 if is_clear else ones), f"cycle {cycle}"
    await clock.edge()
    assert int(dut.q_o.value) == ones


@pytest.mark.parametrize(
    "parameters",
    [
        {"WIDTH": 8, "CYCLES": 0},
        {"WIDTH": 1, "CYCLES": 1, "RESET": 1},
        {"WIDTH": 33, "CYCLES": 3},
        {"WIDTH": 3, "CYCLES": 40, "RESET": 1},
    ],
)
def test_systolic_shift(simulate, parameters):
    simulate("systolic_shift", parameters)
