"""stream_accelerator.v: whole passes give the model's results, values, cycles and classes."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters
from stream_passes import Case, run_case


@cocotb.test()
async def passes_are_the_models(dut):
    told, clock, random = parameters(), Clock(dut), generator()
    await clock.reset(40)
    for n in range(12):
        await run_case(dut, clock, told, Case.random_one(random, told, post=n % 2 == 0))


@cocotb.test()
async def stalls_cost_cycles_and_no_result(dut):
    told, clock, random = parameters(), Clock(dut), generator(1)
    await clock.reset(40)
    for idle in (0.2, 0.6):
        for n in range(3):
            case = Case.random_one(random, told, post=n > 0)
            await run_case(dut, clock, told, case, random, idle)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 4, "LANES": 3, "DEPTH": 16, "STASH": 2, "UNITS": 2, "STREAMS_ACTIVATIONS": 0},
        {
            "ROWS": 3,
            "LANES": 6,
            "DEPTH": 16,
            "STASH": 4,
            "UNITS": 3,
            "FEED_LATENCY": 3,
            "LANES_PER_DSP": 2,
        },
        {"ROWS": 1, "LANES": 1, "DEPTH": 16, "STASH": 1, "UNITS": 1, "SKIPS": 0, "ACC_W": 16},
    ],
)
def test_stream_accelerator(simulate, parameters):
    simulate("stream_accelerator", {"COUNTERS_EN": 1, "MAX_FILTERS": 64, **parameters})
