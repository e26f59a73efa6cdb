"""inner_join_array.v: cycles, classes and values of whole passes are the package's."""

from __future__ import annotations

import json
import os
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, is_high, parameters
from inner_join_array_bench import (
    ArrayBench,
    Operands,
    Stall,
    model_count,
    random_operands,
    sized_operands,
)

from sparsesim.machines.inner_join import CLASSES
from sparsesim.spec.accelerator import Accelerator

WORKED_CASES = Path(__file__).resolve().parents[2] / "tests" / "vectors" / "array_cycles.json"

# A multiplier of the random sets of parameters: `make test-all` sets it.
EXAMPLES = float(os.environ.get("SPARSESIM_EXAMPLES", "1"))

WORK_CLASSES = ("effectual", "ineffectual", "unused")  # those that waiting doesn't change

QUIET_CYCLES = 19  # from the last drain to the fall of busy_o, beside both latencies


class Bench(ArrayBench):
    """The array, its drains stalled or not."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut)
        self.stall = Stall(self.clock, dut.result_ready_i)

    async def is_the_models(
        self, operands: Operands, drains: bool = True, before: Operands | None = None
    ) -> None:
        """A pass whose streams never starve and whose drains are never stalled."""
        seen = [len(monitor.cycles) for monitor in self.monitors]
        counted = await self.passes(operands, drains, before)
        expected = model_count(operands, self.machine, drains)
        assert counted.cycles == expected.cycles
        latencies = self.machine.feed_latency + self.machine.array.pe_latency
        # A last work is known a register later than a last drain.
        quiet = latencies + QUIET_CYCLES + (not drains)
        assert self.ended == counted.cycles + quiet, "busy_o fell at another time"
        self.has_classes(counted.classes, expected.classes)
        came = [m.cycles[n:] for m, n in zip(self.monitors, seen, strict=True)]
        if drains:
            assert max(max(c) for c in came if c) == expected.cycles - 1 + self.result_cycles()
        else:
            assert not any(came)

    def has_classes(self, classes: dict[str, int], expected: dict[str, int]) -> None:
        """Those expected, or 0 where nothing is counted."""
        counts = bool(parameters()["COUNTERS_EN"])
        assert classes == (expected if counts else dict.fromkeys(CLASSES, 0))

    def result_cycles(self) -> int:
        """From a drain to its result: 2, and a level of multiplexers for two bits of a row each."""
        row_bits = max((self.machine.rows - 1).bit_length(), 1)
        return 2 + (row_bits + 1) // 2

    def cut(self, cuts: int) -> list[Operands]:
        """One tile in some cuts of K: whole windows, but for the last."""
        window = self.machine.window
        positions = int(self.random.integers(1, self.machine.cols, endpoint=True))
        filters = int(self.random.integers(1, self.machine.rows, endpoint=True))
        lengths = [window * int(self.random.integers(1, 4)) for _ in range(cuts - 1)]
        lengths.append(int(self.random.integers(1, 3 * window, endpoint=True)))
        return [
            sized_operands(self.random, self.machine, (positions, filters, length))
            for length in lengths
        ]


async def made(dut) -> Bench:
    """A bench out of reset."""
    bench = Bench(dut)
    await bench.reset()
    return bench


@cocotb.test()
async def passes_of_every_density_are_the_models(dut):
    bench = await made(dut)
    for densities in 2 * [*product(DENSITIES.values(), repeat=2)]:
        await bench.is_the_models(random_operands(bench.random, bench.machine, densities))


@cocotb.test()
async def many_tiles_of_one_window_wait_for_their_drains(dut):
    bench = await made(dut)
    for _ in range(4):
        await bench.is_the_models(random_operands(bench.random, bench.machine, tiles=5, windows=1))


@cocotb.test()
async def worked_cases_are_exact(dut):
    bench = await made(dut)
    for case in worked_cases():
        if case_machine(case).rtl_parameters().items() <= parameters().items():
            acts, weights = case_mask(case["act_mask"]), case_mask(case["weight_mask"])
            size = (len(acts), *weights.shape)
            full = sized_operands(bench.random, bench.machine, size, densities=(1.0, 1.0))
            operands = Operands(full.acts * acts, full.weights * weights)
            counted = await bench.passes(operands)
            assert counted.cycles == case["cycles"], case["name"]
            bench.has_classes(counted.classes, case["classes"])


@cocotb.test()
async def sums_stay_in_the_pes_until_a_pass_ends_their_tile(dut):
    bench = await made(dut)
    for cuts in (2, 1, 3, 2):
        before = None
        *firsts, last = bench.cut(cuts)
        for operands in firsts:
            await bench.is_the_models(operands, drains=False)
            before = before.then(operands) if before else operands
        await bench.is_the_models(last, before=before)


@cocotb.test()
async def idle_streams_and_stalled_drains_lose_nothing(dut):
    bench = await made(dut)
    for bench.idle, bench.stall.probability in (
        (0.5, 0.0),
        (0.0, 0.5),
        (0.0, 0.9),
        (0.3, 0.3),
        (0.8, 0.8),
    ):
        for windows in (1, 4):
            operands = random_operands(bench.random, bench.machine, windows=windows)
            counted = await bench.passes(operands)
            expected = model_count(operands, bench.machine)
            assert counted.cycles >= expected.cycles
            if parameters()["COUNTERS_EN"]:
                for name in WORK_CLASSES:
                    assert counted.classes[name] == expected.classes[name], name
                slots = bench.machine.rows * bench.machine.cols * bench.machine.lanes
                assert sum(counted.classes.values()) == slots * counted.cycles
    bench.idle = bench.stall.probability = 0.0
    await bench.clock.cycles(2)
    await bench.is_the_models(random_operands(bench.random, bench.machine))


@cocotb.test()
async def a_stalled_drain_lets_only_results_under_way_come(dut):
    bench = await made(dut)
    tiles = 5  # and at least as many squared results of a column: more than come before a stall
    size = (tiles * bench.machine.cols, tiles * bench.machine.rows, 1)
    for let_go in (0, 9, 18):
        before = [len(monitor.cycles) for monitor in bench.monitors]
        await bench.start(sized_operands(bench.random, bench.machine, size))
        await bench.clock.cycles(let_go)
        bench.stall.probability = 1.0
        await bench.clock.edge()
        stalled = bench.clock.cycle + 1  # ready is low from this cycle on: the last drain is in it
        await bench.clock.cycles(40)
        assert is_high(dut.busy_o)
        for monitor, had in zip(bench.monitors, before, strict=True):
            came = monitor.cycles[had:]
            assert len(came) < tiles**2
            assert all(cycle <= stalled + bench.result_cycles() for cycle in came)
        bench.stall.probability = 0.0
        await bench.finish()


@cocotb.test()
async def a_pass_behind_a_reset_is_clean(dut):
    bench = await made(dut)
    for drains in (True, False, True):
        whole, last = bench.cut(2)
        await bench.start(whole, drains)
        length = model_count(whole, bench.machine, drains).cycles
        await bench.clock.cycles(int(bench.random.integers(1, length + 4)))
        await bench.reset()
        await bench.clock.edge()
        assert not is_high(dut.busy_o)
        await bench.is_the_models(last)
        await bench.is_the_models(random_operands(bench.random, bench.machine))


@cache
def worked_cases() -> list[dict[str, Any]]:
    """The worked cases of the cycle model, as its own tests read them."""
    return json.loads(WORKED_CASES.read_text(encoding="utf-8"))


def case_machine(case: dict[str, Any]) -> Accelerator:
    """The accelerator of a worked case."""
    names = ("rows", "cols", "window", "lanes", "queue_depth", "feed_latency")
    return Accelerator(
        skipping=case["skipping"],
        loop_order=case["loop_order"],
        **{name: case[name] for name in names},
    )


def case_mask(rows: list[str]) -> np.ndarray:
    """A mask of a worked case: bool, (lines, K)."""
    return np.array([[digit == "1" for digit in row] for row in rows])


# Small arrays that between them have every scheme, loop order, one to three lanes and more, short
# and long queues and feeds; the first two have worked cases, the last no counters.
DEFAULT = [
    {"ROWS": 4, "COLS": 4, "WINDOW": 8, "QUEUE_DEPTH": 2, "COUNTERS_EN": 1},
    {"ROWS": 1, "COLS": 1, "WINDOW": 8, "QUEUE_DEPTH": 2, "COUNTERS_EN": 1},
    {
        "ROWS": 2, "COLS": 3, "WINDOW": 4, "LANES": 2, "QUEUE_DEPTH": 1, "FEED_LATENCY": 2,
        "SKIPPING": 1, "POSITIONS_INNER": 1, "ACT_W": 4, "WEIGHT_W": 16, "COUNTERS_EN": 1,
    },
    {
        "ROWS": 3, "COLS": 2, "WINDOW": 3, "LANES": 4, "QUEUE_DEPTH": 4, "FEED_LATENCY": 3,
        "SKIPPING": 2, "ACC_W": 64, "COUNTERS_EN": 1,
    },
    {
        "ROWS": 2, "COLS": 3, "WINDOW": 5, "LANES": 3, "QUEUE_DEPTH": 4, "SKIPPING": 0,
        "POSITIONS_INNER": 1, "ACC_W": 18, "COUNTERS_EN": 1,
    },
    {"ROWS": 5, "COLS": 2, "WINDOW": 2, "QUEUE_DEPTH": 3, "FEED_LATENCY": 2, "POSITIONS_INNER": 1},
]  # fmt: skip


def wide() -> list[dict[str, int]]:
    """Those, the other worked cases' parameters, and random ones; each once."""
    made = list(DEFAULT)
    usual = Accelerator().rtl_parameters()
    for case in worked_cases():
        wanted = case_machine(case).rtl_parameters().items()
        made.append({n: value for n, value in wanted if value != usual[n]} | {"COUNTERS_EN": 1})
    random = np.random.default_rng(1)
    for _ in range(round(EXAMPLES)):
        ranges = {
            "ROWS": (1, 6), "COLS": (1, 6), "WINDOW": (1, 20), "LANES": (1, 6),
            "QUEUE_DEPTH": (1, 9), "FEED_LATENCY": (1, 5), "SKIPPING": (0, 3),
            "POSITIONS_INNER": (0, 1), "ACT_W": (2, 16), "WEIGHT_W": (2, 16), "ACC_W": (8, 64),
            "COUNTERS_EN": (0, 1),
        }  # fmt: skip
        made.append({n: int(random.integers(*r, endpoint=True)) for n, r in ranges.items()})
    return [told for n, told in enumerate(made) if told not in made[:n]]


@pytest.mark.parametrize("parameters", wide() if EXAMPLES > 1 else DEFAULT)
def test_inner_join_array(simulate, parameters):
    simulate("inner_join_array", parameters)
