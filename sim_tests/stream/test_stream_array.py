"""stream_array.v: whole passes give the model's sums, cycles and classes, each in its row.

So do its parts stream_row.v and stream_class_counters.v: an array of one row is a row.
"""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters
from stream_passes import Case, run_case


class Ports:
    """The array's ports, by the accelerator's names."""

    NAMES = {  # noqa: RUF012
        "out_ready_i": "result_ready_i",
        "sum_valid_o": "result_valid_o",
        "sum_row_o": "result_row_o",
        "sum_o": "result_o",
    }

    def __init__(self, dut) -> None:
        self.dut = dut

    def __getattr__(self, name: str):
        if name == "raw_i":
            raise AttributeError(name)
        if name == "out_valid_o":
            return self.dut.start_i  # no value comes: low in a pass
        return getattr(self.dut, self.NAMES.get(name, name))


@cocotb.test()
async def passes_are_the_models(dut):
    told, clock, random = parameters(), Clock(dut), generator()
    await clock.reset(40)
    for _ in range(12):
        await run_case(Ports(dut), clock, told, Case.random_one(random, told, post=False))


@cocotb.test()
async def a_reset_in_a_pass_leaves_nothing_behind(dut):
    told, clock, random = parameters(), Clock(dut), generator(2)
    for cycles in (3, 20, 60):
        dut.start_i.value = 0
        dut.entry_valid_i.value = dut.word_valid_i.value = 0
        await clock.reset(40)
        case = Case.random_one(random, told, post=False)
        await run_case(Ports(dut), clock, told, case)
        dut.start_i.value = 1
        await clock.edge()
        dut.start_i.value = 0
        dut.word_valid_i.value, dut.entry_valid_i.value = 1, (1 << told["ROWS"]) - 1
        await clock.cycles(cycles)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 1, "LANES": 4, "DEPTH": 16, "STASH": 4, "UNITS": 1},
        {
            "ROWS": 5,
            "LANES": 2,
            "DEPTH": 16,
            "STASH": 2,
            "UNITS": 2,
            "STREAMS_ACTIVATIONS": 0,
            "LANES_PER_DSP": 2,
        },
        {
            "ROWS": 2,
            "LANES": 17,
            "DEPTH": 32,
            "STASH": 16,
            "UNITS": 1,
            "FEED_LATENCY": 2,
            "LANES_PER_DSP": 2,
        },
        {"ROWS": 2, "LANES": 3, "DEPTH": 16, "STASH": 2, "UNITS": 1, "FEED_LATENCY": 16},
        {"ROWS": 3, "LANES": 2, "DEPTH": 16, "STASH": 1, "UNITS": 3, "SKIPS": 0},
    ],
)
def test_stream_array(simulate, parameters):
    simulate("stream_array", {"COUNTERS_EN": 1, **parameters})
