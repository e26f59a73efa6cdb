"""systolic_taps.v: each tap is a cycle behind the one before."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters, unpack


@cocotb.test()
async def each_tap_holds_what_entered_so_many_cycles_ago(dut):
    told = parameters()
    clock = Clock(dut)
    await clock.reset()
    sent = [int(word) for word in generator().integers(0, 1 << told["WIDTH"], 100)]
    for cycle, word in enumerate(sent):
        dut.d_i.value = word
        await clock.edge()
        if cycle + 1 >= told["TAPS"]:
            taps = unpack(int(dut.taps_o.value), told["WIDTH"], told["TAPS"])
            assert taps == sent[cycle - told["TAPS"] + 1 : cycle + 1][::-1], f"cycle {cycle}"


@cocotb.test()
async def reset_clears_it_or_lets_data_pass(dut):
    told = parameters()
    ones = (1 << told["WIDTH"]) - 1
    clock = Clock(dut)
    dut.d_i.value, dut.rst_ni.value = ones, 1
    await clock.cycles(told["TAPS"] + 1)
    dut.rst_ni.value = 0
    await clock.cycles(2)
    taps = unpack(int(dut.taps_o.value), told["WIDTH"], told["TAPS"])
    assert taps == [ones, *[0 if told["RESET"] else ones] * (told["TAPS"] - 1)]


@pytest.mark.parametrize(
    "parameters",
    [{"TAPS": 1, "WIDTH": 5}, {"TAPS": 2}, {"TAPS": 9, "WIDTH": 13, "RESET": 1}],
)
def test_systolic_taps(simulate, parameters):
    simulate("systolic_taps", parameters)
