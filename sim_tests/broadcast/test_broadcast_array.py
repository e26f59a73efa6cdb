"""broadcast_array.v: sums, cycles, classes and ends of work are the model's."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from broadcast_array_bench import ArrayBench, exact


@cocotb.test()
async def passes_are_the_models(dut):
    """One after another, without a reset between them."""
    bench = ArrayBench(dut)
    await bench.clock.reset()
    for _ in range(12):
        await bench.is_the_models(*bench.drawn())


@cocotb.test()
async def the_headers_example_holds(dut):
    """Two PEs or more, three filters, K = 2, all there; of more PEs each has one filter at most."""
    bench = ArrayBench(dut)
    await bench.clock.reset()
    act, weight = bench.operands(3, 1, 2, 1.0, 1.0)
    found = await bench.is_the_models(act, weight)
    if (bench.array.pes, bench.array.units) == (2, 1) and bench.array.queue_depth > 2:
        assert found.cycles == 13


@cocotb.test()
async def sums_stay_where_k_is_cut(dut):
    bench = ArrayBench(dut)
    await bench.clock.reset()
    array = bench.array
    for _ in range(4):
        filters = int(bench.random.integers(1, array.tile_filters + 1))
        act, weight = bench.operands(filters, 1, 2 * array.pes + 1, 0.6, 0.5)
        cut = array.pes
        await bench.is_the_models(act[:, :cut], weight[:, :cut], drains=False)
        sums = exact(act, weight, bench.told["ACC_W"])
        await bench.is_the_models(act[:, cut:], weight[:, cut:], expected=sums)
        await bench.is_the_models(*bench.drawn())


@cocotb.test()
async def idle_rows_and_stalled_outputs_lose_nothing(dut):
    bench = ArrayBench(dut)
    await bench.clock.reset()
    for _ in range(6):
        act, weight = bench.drawn()
        found = await bench.run(act, weight, idle=0.3, stall=0.3)
        bench.check_sums(found, act, weight)


@cocotb.test()
async def a_reset_in_a_pass_forgets_it(dut):
    bench = ArrayBench(dut)
    await bench.clock.reset()
    act, weight = bench.operands(min(bench.array.tile_filters, 20), 1, bench.array.pes, 1.0, 1.0)
    await bench.is_the_models(act, weight, drains=False)  # leaves its sums
    await bench.clock.reset()
    await bench.is_the_models(act, weight)
    await bench.is_the_models(np.zeros_like(act), weight)


def test_broadcast_array_without_counters(simulate):
    simulate("broadcast_array", {"PES": 3, "PE_SUMS": 2, "UNITS": 2, "COUNTERS_EN": 0})


@pytest.mark.parametrize(
    "parameters",
    [
        {"PES": 2, "PE_SUMS": 2, "UNITS": 1, "QUEUE_DEPTH": 3},
        {"PES": 4, "PE_SUMS": 3, "UNITS": 2, "QUEUE_DEPTH": 4, "ENTRY_RUN_BITS": 1},
        {"PES": 5, "PE_SUMS": 6, "UNITS": 3, "QUEUE_DEPTH": 2, "ACC_W": 12},
        {"PES": 1, "PE_SUMS": 9, "UNITS": 1, "ENTRY_RUN_BITS": 1},
        {"PES": 7, "PE_SUMS": 1, "UNITS": 7, "QUEUE_DEPTH": 64, "ACT_W": 16, "WEIGHT_W": 16},
    ],
)
def test_broadcast_array(simulate, parameters):
    simulate("broadcast_array", {"COUNTERS_EN": 1, **parameters})
