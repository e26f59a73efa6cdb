"""systolic_array.v: results are the exact sums, each from its unit in order; cycles and classes are
the model's."""

from __future__ import annotations

from dataclasses import replace

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, is_high, parameters
from systolic_array_bench import ArrayBench

BUILDS = [
    {"ROWS": 3, "COLS": 4, "UNITS": 3, "DEPTH": 6, "COUNTERS_EN": 1},
    {"ROWS": 4, "COLS": 3, "UNITS": 3, "DEPTH": 9, "COUNTERS_EN": 1, "OVERLAPPED": 0},
    {"ROWS": 3, "COLS": 4, "UNITS": 2, "COUNTERS_EN": 1, "OUTPUT_STATIONARY": 1},
    {"ROWS": 2, "COLS": 3, "COUNTERS_EN": 1, "OUTPUT_STATIONARY": 1, "OVERLAPPED": 0, "UNITS": 1},
    {"ROWS": 4, "COLS": 3, "UNITS": 2, "DEPTH": 5, "COUNTERS_EN": 1, "BLOCK": 4},
    {"ROWS": 1, "COLS": 1, "DEPTH": 1, "ACT_W": 4, "WEIGHT_W": 3, "ACC_W": 8, "UNITS": 1},
    {"ROWS": 1, "COLS": 1, "OUTPUT_STATIONARY": 1, "ACC_W": 16, "COUNTERS_EN": 1, "UNITS": 1},
]


async def made(dut) -> ArrayBench:
    bench = ArrayBench(dut)
    await bench.reset()
    return bench


@cocotb.test()
async def passes_are_the_models(dut):
    bench = await made(dut)
    schemes = ["none"] if parameters()["BLOCK"] == 1 else ["none", "structured"]
    for scheme in schemes:
        bench.set_scheme(scheme)
        for _ in range(16):
            await bench.passes(bench.random_pass())


@cocotb.test()
async def zeros_change_no_result(dut):
    bench = await made(dut)
    array = bench.machine.array
    for density in DENSITIES.values():
        shape = array.cols + 1, array.tile_positions + 1, array.rows + 1
        await bench.passes(bench.operands(*shape, density))


@cocotb.test()
async def many_results_and_little_work_wait_for_the_drain(dut):
    bench = await made(dut)
    array = bench.machine.array
    for elements in (1, 2, 3, array.rows):
        shape = 3 * array.cols, 2 * array.tile_positions, elements
        await bench.passes(bench.operands(*shape, 1.0))


@cocotb.test()
async def sums_stay_where_a_pass_does_not_drain(dut):
    bench = await made(dut)
    array = bench.machine.array
    for parts in (1, 2, 3):
        whole = bench.operands(array.cols, array.tile_positions, parts * array.tile_elements)
        for part in range(parts):
            cut = slice(part * array.tile_elements, (part + 1) * array.tile_elements)
            await bench.passes(
                replace(
                    whole,
                    activations=whole.activations[:, cut],
                    weights=whole.weights[:, cut],
                    drains=False,
                )
            )
        # The last part adds its own to what has stayed.
        last = bench.operands(array.cols, array.tile_positions, array.tile_elements)
        joined = replace(
            whole,
            activations=np.hstack([whole.activations, last.activations]),
            weights=np.hstack([whole.weights, last.weights]),
        )
        await bench.passes(last, joined)


@cocotb.test()
async def late_operands_and_full_units_lose_nothing(dut):
    bench = await made(dut)
    for bench.idle, bench.stall in ((0.5, 0.0), (0.0, 0.7), (0.8, 0.8)):
        for _ in range(6):
            await bench.passes(bench.random_pass())


@cocotb.test()
async def nothing_goes_without_room(dut):
    bench = await made(dut)
    bench.stall = 1.0
    operands = bench.operands(1, 1, 1)
    done = cocotb.start_soon(bench.passes(operands))
    await bench.clock.cycles(200)
    assert is_high(dut.busy_o) and not done.done()
    bench.stall = 0.5
    await done


@cocotb.test()
async def reset_ends_a_pass(dut):
    bench = await made(dut)
    told = parameters()
    for cycles in (1, told["ROWS"], 2 * told["ROWS"] + 3, 40):
        one = bench.operands(told["COLS"], 1, 3 * told["ROWS"], drains=cycles != 40)
        going = cocotb.start_soon(bench.passes(one))
        await bench.clock.cycles(cycles)
        going.cancel()
        await bench.reset()
        await bench.clock.cycles(1)
        assert not is_high(dut.busy_o)
        await bench.passes(bench.random_pass())


@pytest.mark.parametrize("parameters", BUILDS)
def test_systolic_array(simulate, parameters):
    simulate("systolic_array", parameters)
