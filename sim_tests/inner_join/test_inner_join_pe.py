"""inner_join_pe.v: every port in every cycle is the clocked machine's, and sums are the package's.

The last test demands that the runs of a simulator's table together reach every situation of
inner_join_pe_coverage.py; the merged report is build/coverage/pe-SIMULATOR.xml.
"""

from __future__ import annotations

import os
from pathlib import Path

import cocotb
import numpy as np
import pytest
import simulation
from bench import DENSITIES
from hdl_coverage import COVERAGE_FOLDER
from inner_join_pe_bench import PROMPT, PeBench
from inner_join_pe_coverage import merged
from inner_join_pe_stimuli import BOTH, Half, Machine, Shape, Window, random_shape, windows_of

WAITS = {"prompt": PROMPT, "late": (0, 12), "very late": (30, 90)}
"""Cycles that a drain comes later than it could: at least and at most."""

IDLES = ((0.0, 0.0), (0.5, 0.5), (0.0, 0.9), (0.9, 0.0))
"""Probabilities that weights and that activations are not pushed where they could be."""


def constant(machine: Machine, weight: int, act: int, pairs: int, **told: bool) -> Window:
    """A whole window whose first pairs are all this one, the others zero."""
    there = np.arange(machine.window) < pairs
    halves = Half(True, weight * there), Half(True, act * there)
    return Window(*halves, machine.window, **{"last": False, "is_final": False, **told})


@cocotb.test()
async def every_cycle_is_the_models_at_every_density_and_drain(dut):
    bench = PeBench(dut)
    await bench.power_up()
    for density in (*DENSITIES.values(), None, None):
        for bench.drain.wait in WAITS.values():
            for bench.lines[0].idle, bench.lines[1].idle in IDLES:
                shape = random_shape(bench.random, bench.machine, density)
                await bench.run(windows_of(bench.random, bench.machine, shape))
                for _ in range(bench.random.integers(3)):
                    await bench.cycle()
    await bench.over()


@cocotb.test()
async def a_dense_pass_takes_its_cycles(dut):
    bench = PeBench(dut)
    machine = bench.machine
    await bench.power_up()
    pair = constant(machine, 1, 1, machine.window)
    windows = [pair, constant(machine, 1, 1, machine.window, last=True)]
    # By hand, s cycles a window: pushed at 0, at work from 1 to s, the next one behind it without
    # a bubble; a queue of one window gets it only then, pushed at s + 1, at work from s + 2 on.
    s = -(-machine.window // machine.lanes)
    second = s + 2 if machine.queue_depth == 1 else s + 1
    assert await bench.run(windows) == [(1, s), (second, second + s - 1)]
    await bench.over()
    assert bench.outputs.results == [(2 * machine.window, False)]


@cocotb.test()
async def sums_stay_over_passes_that_do_not_end_their_tile(dut):
    bench = PeBench(dut)
    machine = bench.machine
    await bench.power_up()
    for _ in range(4):
        for bench.drain.wait in WAITS.values():
            for parts in (1, 2, 3):
                active = BOTH if bench.random.random() < 0.8 else (True, False)
                for part in range(parts):
                    count = int(bench.random.integers(1, 4))
                    shape = Shape([active], count, machine.window, drains=part == parts - 1)
                    await bench.run(windows_of(bench.random, machine, shape))
    await bench.over()


@cocotb.test()
async def ends_of_tiles_wait_for_the_drain_with_and_without_windows_behind(dut):
    bench = PeBench(dut)
    machine = bench.machine
    await bench.power_up()
    for bench.drain.wait in (PROMPT, (machine.queue_depth + 4, machine.queue_depth + 8)):
        for densities in ((0.0, 0.0), (1.0, 0.5), (1.0, 1.0)):
            for length in {machine.window, (machine.window + 1) // 2}:
                for tiles, windows in ((4, 3), (8, 1)):
                    shape = Shape([BOTH] * tiles, windows, length, densities=densities)
                    await bench.run(windows_of(bench.random, machine, shape))
    await bench.over()


@cocotb.test()
async def a_reset_in_the_middle_of_work_leaves_nothing_behind(dut):
    bench = PeBench(dut)
    machine = bench.machine
    await bench.power_up()
    bench.drain.wait = WAITS["late"]
    for number in range(16):
        shape = Shape([BOTH] * 3, 2, machine.window, densities=(0.5, 1.0))
        await bench.begin(windows_of(bench.random, machine, shape))
        for _ in range(bench.random.integers(1, 8 * machine.window)):
            await bench.cycle()
        await bench.reset(cycles=1 + number % 2)
        if number % 3 == 0:
            for _ in range(machine.latency + 8):
                await bench.cycle()
        await bench.run(windows_of(bench.random, machine, random_shape(bench.random, machine, 0.5)))
    await bench.over()


@cocotb.test()
async def the_widest_operands_sum_up(dut):
    bench = PeBench(dut)
    machine, random = bench.machine, bench.random
    await bench.power_up()
    ends = [
        [-(1 << bits - 1), (1 << bits - 1) - 1] for bits in (machine.weight_bits, machine.act_bits)
    ]
    for share in (
        0.0,
        0.5,
        1.0,
    ):  # of largest ones; the least times the least is the widest product
        windows = [
            Window(
                *(
                    Half(True, np.where(random.random(machine.window) < share, high, low))
                    for low, high in ends
                ),
                machine.window,
                last=number % 4 == 3,
                is_final=False,
            )
            for number in range(12)
        ]
        await bench.run(windows)
    await bench.over()


@cocotb.test()
async def an_overflow_stays_to_the_end_of_its_tile_and_no_longer(dut):
    bench = PeBench(dut)
    machine = bench.machine
    await bench.power_up()
    weight, act = (1 << machine.weight_bits - 1) - 1, (1 << machine.act_bits - 1) - 1
    count = -(-(1 << machine.acc_bits - 1) // (weight * act * machine.window))
    if count > 40:  # too wide to overflow within the test
        return
    up = [constant(machine, weight, act, machine.window)] * count
    down = [constant(machine, weight, -act, machine.window)] * count
    small = [constant(machine, 1, 1, 1)] * (2 * count - 1)
    ends = [constant(machine, 0, 0, 0, last=True), constant(machine, 1, 1, 1, last=True)]
    await bench.run([*up, *down[:-1], down[0], *ends[:1]])
    await bench.run([*small, ends[1]])
    await bench.over()
    # By hand: up and down again is 0; the small ones are one a window.
    assert bench.outputs.results == [(0, True), (2 * count, False)]


TABLE = [
    {"COUNTERS_EN": 1},
    {"COUNTERS_EN": 1, "SKIPPING": 0, "WINDOW": 5, "LANES": 2, "QUEUE_DEPTH": 5, "ACC_W": 12},
    {"COUNTERS_EN": 1, "SKIPPING": 1, "WINDOW": 5, "LANES": 3, "QUEUE_DEPTH": 2, "WEIGHT_W": 16},
    {"COUNTERS_EN": 1, "SKIPPING": 2, "WINDOW": 4, "QUEUE_DEPTH": 2, "ACT_W": 2, "ACC_W": 8},
    {"WINDOW": 1, "QUEUE_DEPTH": 1, "ACT_W": 16, "WEIGHT_W": 16, "ACC_W": 64},
]
"""Each scheme with queues of two windows or more, so that every bin can be reached."""

WIDE = [
    {
        "SKIPPING": scheme, "WINDOW": window, "LANES": min(lanes, window), "QUEUE_DEPTH": depth,
        "ACT_W": act, "WEIGHT_W": weight, "ACC_W": acc, "COUNTERS_EN": 1,
    }
    for scheme in range(4)
    for window, lanes, depth, act, weight, acc in (
        (1, 1, 4, 9, 8, 32),
        (4, 3, 1, 2, 2, 8),
        (5, 1, 2, 16, 16, 40),
        (16, 2, 1, 8, 8, 16),
        (16, 4, 5, 9, 8, 24),
        (64, 3, 7, 5, 12, 64),
    )
]  # fmt: skip
"""For SPARSESIM_EXAMPLES above 1."""

SETS = [*TABLE, *(WIDE if float(os.environ.get("SPARSESIM_EXAMPLES", "1")) > 1 else [])]

FOLDERS: dict[tuple[str, int], Path] = {}  # of this process's simulations that passed


@pytest.fixture(params=["verilator", "icarus"])
def simulator(request) -> str:
    if request.param == "icarus":
        simulation.skip_without_icarus()
    return request.param


@pytest.mark.parametrize("parameters", SETS)
def test_inner_join_pe(simulator, parameters, tmp_path):
    simulation.run(simulator, "inner_join_pe", parameters, "test_inner_join_pe", tmp_path)
    FOLDERS[simulator, SETS.index(parameters)] = tmp_path


def test_every_bin_of_the_cross_is_reached(simulator, tmp_path):
    for number, parameters in enumerate(TABLE):
        if (simulator, number) not in FOLDERS:  # not asked for, or another process had it
            folder = tmp_path / str(number)
            folder.mkdir()
            simulation.run(simulator, "inner_join_pe", parameters, "test_inner_join_pe", folder)
            FOLDERS[simulator, number] = folder
    folders = [FOLDERS[simulator, number] for number in range(len(TABLE))]
    hits = merged(folders, COVERAGE_FOLDER / f"pe-{simulator}.xml")
    assert len(hits) == 44  # 4 schemes x 3 x 2 x 2, without the 4 of a dense PE without pairs
    assert [name for name, count in hits.items() if count == 0] == []
