"""systolic_sequencer.v: folds go when the model says, and each step is what it is.

Drains are played: they begin and end where the model has them.
"""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from bench import Clock, generator, is_high, pack, parameters
from systolic_array_bench import N_OF_M, machine_of

from sparsesim.machines.systolic.packing import shape_words


class Bench:
    """Runs passes of a shape.

    Attributes:
        idle, stall: as in `ArrayBench`.
    """

    def __init__(self, dut: Any) -> None:
        told = parameters()
        selects = told.pop("SELECTS")
        block = 4 if selects else 1
        assert block in N_OF_M
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        told |= {"BLOCK": block, "ACT_W": 9, "WEIGHT_W": 8, "ACC_W": 32}
        self.machine = machine_of(told)
        self.array = self.machine.array
        self.idle = self.stall = 0.0
        self.goes_on = False

    async def reset(self) -> None:
        for name in ("start", "weight_valid", "act_valid", "ready", "drained"):
            getattr(self.dut, f"{name}_i").value = 0
        await self.clock.reset()
        self.goes_on = False

    async def passes(self, filters: int, positions: int, elements: int, drains: bool = True):
        """A pass: every step of every fold in order, in the model's cycles unless it is held up."""
        dut, array, clock = self.dut, self.array, self.clock
        words = shape_words(filters, positions, elements, drains, array)
        dut.pass_i.value = pack(words, 32)
        dut.start_i.value = 1
        await clock.edge()
        dut.start_i.value = 0
        clock.zero()
        masks = np.ones((positions, elements), np.int16), np.ones((filters, elements), np.int16)
        scheme = self.machine.rules.schemes[0]
        timeline = self.machine.rules.timeline(*masks, scheme, array, drains)
        exact = not self.idle and not self.stall
        folds = self._folds(filters, positions, elements, drains)
        first_ends = timeline.ends.reshape(len(folds), -1)[:, 0].tolist()
        starts = [
            end - fold["steps"] + 1 - (array.rows - 1 if array.keeps_weights else 0)
            for end, fold in zip(first_ends, folds, strict=True)
        ]
        ended = 0  # of all drains so far
        rows_taken, number, step = 0, -1, 0
        waits = {"weights": 0, "skew": 0, "drain": 0}
        drain_cycles: set[int] = set()
        for cycle in range(20 * timeline.cycles + 2000):
            dut.weight_valid_i.value = int(self.random.random() >= self.idle)
            dut.act_valid_i.value = int(self.random.random() >= self.idle)
            dut.ready_i.value = int(self.random.random() >= self.stall)
            dut.drained_i.value = int(cycle in drain_cycles)
            await clock.edge()
            if array.keeps_weights and is_high(dut.weight_take_o):
                assert is_high(dut.weight_first_o) == (rows_taken % array.rows == 0)
                rows_taken += 1
            for name in waits:
                waits[name] += is_high(getattr(dut, f"waits_{name}_o"))
            if is_high(dut.act_take_o):
                if is_high(dut.first_o):
                    assert number < 0 or step == folds[number]["steps"]
                    number, step = number + 1, 0
                    fold = folds[number]
                    assert not exact or cycle == starts[number], f"fold {number}"
                    if array.keeps_weights:  # its weights are all there, and no others but one fold
                        assert rows_taken >= (number + 1) * array.rows
                    for name in ("last_fold", "last_filters", "last_positions"):
                        assert is_high(getattr(dut, f"{name}_o")) == fold[name], name
                    if fold["ends"]:
                        begins = cycle + array.drain_latency(fold["steps"])
                        begins = max(begins, ended)
                        ended = begins + fold["drains"]
                        drain_cycles.update(range(begins, ended))
                is_last = step == fold["steps"] - 1
                assert is_high(dut.last_o) == is_last
                if array.keeps_weights:
                    assert int(dut.step_o.value) == step
                    assert is_high(dut.starts_o) == fold["starts"]
                    assert is_high(dut.ends_o) == fold["ends"]
                else:
                    assert is_high(dut.starts_o) == (fold["starts"] and step == 0)
                    assert is_high(dut.ends_o) == (fold["ends"] and is_last)
                step += 1
            else:
                assert not is_high(dut.last_o) and not is_high(dut.first_o)
            if not is_high(dut.busy_o):
                break
        assert not is_high(dut.busy_o) and number == len(folds) - 1
        assert step == folds[-1]["steps"]
        if array.keeps_weights:
            assert rows_taken == len(folds) * array.rows
        cycles = int(dut.cycles_o.value)
        assert cycles == timeline.cycles if exact else cycles >= timeline.cycles
        assert cycles == sum(waits.values()) + sum(fold["steps"] for fold in folds)
        between = 0 if array.overlaps else len(folds) - 1
        if exact:
            assert waits["skew"] == array.skew * (1 + between)
        self.goes_on = not drains

    def _folds(self, filters: int, positions: int, elements: int, drains: bool) -> list[dict]:
        """What each fold of the pass is, in order."""
        array = self.array
        folds = -(-elements // array.rows) if array.keeps_weights else 1
        found = []
        for strip in range(0, positions, array.tile_positions):
            here = min(array.tile_positions, positions - strip)
            for first in range(0, filters, array.cols):
                turns = -(-min(array.cols, filters - first) // array.units)
                for fold in range(folds):
                    found.append(
                        {
                            "steps": here if array.keeps_weights else elements,
                            "starts": fold == 0 and not self.goes_on,
                            "ends": fold == folds - 1 and drains,
                            "last_fold": fold == folds - 1,
                            "last_filters": first + array.cols >= filters,
                            "last_positions": strip + array.tile_positions >= positions,
                            "drains": here * turns,
                        }
                    )
        return found

    async def random_passes(self, count: int) -> None:
        array = self.array
        most = 3 * array.cols, 3 * array.tile_positions, 3 * array.rows + 2
        for _ in range(count):
            await self.passes(*(int(self.random.integers(1, end)) for end in most))


@cocotb.test()
async def folds_go_when_the_model_says(dut):
    bench = Bench(dut)
    await bench.reset()
    await bench.random_passes(25)


@cocotb.test()
async def short_folds_wait_for_weights_sums_and_drains(dut):
    bench = Bench(dut)
    await bench.reset()
    array = bench.array
    for elements in (1, 2, 2 * array.rows):
        for positions in (1, 2, array.tile_positions + 1):
            await bench.passes(3 * array.cols, positions, elements)


@cocotb.test()
async def late_operands_and_no_room_hold_folds_up(dut):
    bench = Bench(dut)
    await bench.reset()
    for bench.idle, bench.stall in ((0.6, 0.0), (0.0, 0.8), (0.5, 0.5)):
        await bench.random_passes(6)


@cocotb.test()
async def sums_go_on_behind_a_pass_that_does_not_drain(dut):
    bench = Bench(dut)
    await bench.reset()
    array = bench.array
    tile = array.cols, array.tile_positions
    for drains in (False, False, True, True, False, True):
        await bench.passes(*tile, array.rows + 1, drains)
    await bench.passes(*tile, 1, False)
    await bench.reset()
    await bench.passes(*tile, array.rows)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 4, "COLS": 5, "UNITS": 2, "DEPTH": 7},
        {"ROWS": 3, "COLS": 2, "UNITS": 2, "DEPTH": 3, "SELECTS": 1},
        {"ROWS": 4, "COLS": 3, "UNITS": 1, "DEPTH": 6, "OVERLAPPED": 0},
        {"ROWS": 1, "COLS": 1, "DEPTH": 1, "UNITS": 1},
        {"ROWS": 3, "COLS": 4, "UNITS": 3, "OUTPUT_STATIONARY": 1},
        {"ROWS": 1, "COLS": 1, "OUTPUT_STATIONARY": 1, "OVERLAPPED": 0, "UNITS": 1},
    ],
)
def test_systolic_sequencer(simulate, parameters):
    simulate("systolic_sequencer", parameters)
