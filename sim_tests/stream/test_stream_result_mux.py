"""stream_result_mux.v: each choice brings its source, as it was two cycles later."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters


@cocotb.test()
async def each_choice_brings_its_source(dut):
    told, clock, random = parameters(), Clock(dut), generator()
    sources, width = told["SOURCES"], told["WIDTH"]
    levels = 1
    while 16**levels < sources:
        levels += 1
    choices: list[int] = []
    given: list[list[int]] = []
    for n in range(max(150, 3 * sources)):
        choices.append(n % sources if n < 2 * sources else int(random.integers(sources)))
        given.append(
            [int.from_bytes(random.bytes(8), "little") % (1 << width) for _ in range(sources)]
        )
        dut.choice_i.value = choices[-1]
        dut.results_i.value = sum(number << s * width for s, number in enumerate(given[-1]))
        await clock.edge()
        chosen = n - levels - 2
        if chosen >= 0:
            assert int(dut.result_o.value) == given[chosen + 2][choices[chosen]], n


@pytest.mark.parametrize(
    "parameters",
    [{"SOURCES": 1, "WIDTH": 9}, {"SOURCES": 5}, {"SOURCES": 16}, {"SOURCES": 35, "WIDTH": 8}],
)
def test_stream_result_mux(simulate, parameters):
    simulate("stream_result_mux", parameters)
