"""systolic_skew.v: line n leaves n cycles behind its input."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, pack, parameters, unpack


@cocotb.test()
async def each_line_is_a_cycle_behind_the_one_before(dut):
    told = parameters()
    lines, width = told["LINES"], told["WIDTH"]
    clock = Clock(dut)
    await clock.reset()
    sent = generator().integers(0, 1 << width, (60, lines)).tolist()
    for cycle, words in enumerate(sent):
        dut.d_i.value = pack(words, width)
        await clock.edge()
        if cycle + 1 >= lines:
            left = unpack(int(dut.q_o.value), width, lines)
            assert left == [sent[cycle - n][n] for n in range(lines)], f"cycle {cycle}"


@pytest.mark.parametrize(
    "parameters", [{"LINES": 1, "WIDTH": 4}, {"LINES": 2, "WIDTH": 9}, {"LINES": 7, "WIDTH": 17}]
)
def test_systolic_skew(simulate, parameters):
    simulate("systolic_skew", parameters)
