"""An array, or a top around it, in cocotb: both edges fed, units watched, passes held against the
package's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from bench import Clock, generator, is_high, parameters, random_values

import sparsesim as ss
from sparsesim.cosim.alone import model_of
from sparsesim.cosim.operands import PassOperands
from sparsesim.machines.systolic.bench import DRAINS, edges
from sparsesim.machines.systolic.verilog import SystolicRtl
from sparsesim.rtl.bench import part
from sparsesim.rtl.simulator import Epilogue

N_OF_M = {1: "none", 2: "1:2", 4: "2:4", 8: "2:8"}


def machine_of(told: dict[str, int], skipping: str = "none") -> ss.Accelerator:
    """The accelerator that the Verilog's parameters make."""
    return ss.Accelerator(
        machine="systolic",
        rows=told["ROWS"],
        cols=told["COLS"],
        dataflow="output_stationary" if told["OUTPUT_STATIONARY"] else "weight_stationary",
        preload="overlapped" if told["OVERLAPPED"] else "serial",
        n_of_m=N_OF_M[told["BLOCK"]],
        units=told["UNITS"],
        depth=told["DEPTH"],
        act_bits=told["ACT_W"],
        weight_bits=told["WEIGHT_W"],
        acc_bits=told["ACC_W"],
        skipping=skipping,
    )


@dataclass(frozen=True)
class Place:
    """Of a result that a unit gives."""

    filter: int
    position: int


class ArrayBench:
    """Feeds passes, and compares all that comes of them.

    Args:
        dut: the module.
        results: how its ports of results begin: `result` or `sum`.
        ready: its port of units' room.
    Attributes:
        idle: probability that a fold's operands are said not to be there yet, in each cycle.
        stall: probability that units have no room, likewise.
    """

    def __init__(self, dut: Any, results: str = "result", ready: str = "result_ready_i") -> None:
        self.dut, self.told = dut, parameters()
        self.machine = machine_of(self.told)
        self.clock, self.random = Clock(dut), generator()
        self.idle, self.stall = 0.0, 0.0
        self._valid, self._sum = getattr(dut, f"{results}_valid_o"), getattr(dut, f"{results}_o")
        self._ready = getattr(dut, ready)
        self._filter = getattr(dut, f"{results}_filter_o", None)

    def set_scheme(self, skipping: str) -> None:
        """What the driver makes of weights that are n of every m."""
        self.machine = self.machine.with_(skipping=skipping)

    def operands(
        self, filters: int, positions: int, elements: int, density: float = 0.6, **given: Any
    ) -> PassOperands:
        """Random ones; on a machine that holds n of every m, weights are so."""
        machine, random = self.machine, self.random
        weights = random_values(random, (filters, elements), density, machine.weight_bits)
        n, m = machine.array.kept_of_block
        if n < m:
            padded = np.zeros((filters, -(-elements // m), m), np.int64)
            padded.reshape(filters, -1)[:, :elements] = weights
            padded[random.random(padded.shape).argsort(axis=2) >= n] = 0
            weights = padded.reshape(filters, -1)[:, :elements]
        activations = random_values(random, (positions, elements), density, machine.act_bits)
        operands = activations.astype(np.int16), weights.astype(np.int16)
        given = {"drains": True, "epilogue": None, **given}
        return PassOperands("layer", 0, 0, 0, 0, 0, 0, *operands, **given)

    def random_pass(self, **given: Any) -> PassOperands:
        """Of one to a few tiles and folds."""
        array = self.machine.array
        most = 2 * array.cols + 1, 2 * array.tile_positions + 1, 3 * array.rows + 2
        shape = [int(self.random.integers(1, end, endpoint=True)) for end in most]
        density = float(self.random.choice([0.1, 0.5, 1.0]))
        return self.operands(*shape, density, **given)

    def places(self, operands: PassOperands) -> list[list[Place]]:
        """What each unit gives, in order: position by position, tile by tile."""
        array = self.machine.array
        filters, positions = len(operands.weights), len(operands.activations)
        units: list[list[Place]] = [[] for _ in range(array.units)]
        if not operands.drains:
            return units
        for strip in range(0, positions, array.tile_positions):
            for first in range(0, filters, array.cols):
                for p in range(strip, min(strip + array.tile_positions, positions)):
                    for f in range(first, min(first + array.cols, filters)):
                        units[(f - first) % array.units].append(Place(f, p))
        return units

    async def reset(self) -> None:
        self._ready.value = (1 << self.told["UNITS"]) - 1
        for name in ("start", "weight_valid", "act_valid"):
            getattr(self.dut, f"{name}_i").value = 0
        await self.clock.reset()

    async def passes(self, operands: PassOperands, whole: PassOperands | None = None) -> None:
        """A pass: results, cycles and classes are the model's; where operands or room may be late,
        it takes as long or longer.

        Args:
            operands: of the pass.
            whole: with the passes before it whose sums have stayed; None: none have.
        """
        dut = self.dut
        activations, weights = operands.activations, operands.weights
        shape, *packed = SystolicRtl().packed(activations, weights, self.machine)
        words = [int(word) for word in shape]
        words[DRAINS] = int(operands.drains)
        dut.pass_i.value = sum(word << 32 * n for n, word in enumerate(words))
        sides = edges(dut, self.told, words, *packed)
        self._offer(sides)
        dut.start_i.value = 1
        await self.clock.edge()
        dut.start_i.value = 0
        self.clock.zero()
        model = model_of(operands, self.machine)
        self._begin(operands, model if whole is None else model_of(whole, self.machine))
        for _ in range(20 * model.cycles + 2000):
            self._offer(sides)
            await self.clock.edge()
            self._watch()
            for side in sides:
                side.edge()
            if not is_high(dut.busy_o):
                break
        assert not is_high(dut.busy_o), "it is busy for ever"
        self._end()
        cycles = int(dut.cycles_o.value)
        if self.idle or self.stall:
            assert cycles >= model.cycles
        else:
            assert cycles == model.cycles
            if self.told["COUNTERS_EN"]:
                counters = int(dut.counters_o.value)
                classes = [counters >> 48 * n & (1 << 48) - 1 for n in range(6)]
                assert tuple(classes) == model.classes

    def _offer(self, sides: list[Any]) -> None:
        for side in sides:
            side.valid.value = int(self.random.random() >= self.idle)
        has_room = self.random.random(self.told["UNITS"]) >= self.stall
        self._ready.value = sum(int(ready) << u for u, ready in enumerate(has_room))

    def _begin(self, operands: PassOperands, model: Any) -> None:
        self._due = self.places(operands)
        self._sums = model.sums

    def _watch(self) -> None:
        """What comes in a cycle."""
        valid, bits = int(self._valid.value), self.told["ACC_W"]
        for u, due in enumerate(self._due):
            if valid >> u & 1:
                assert due, f"unit {u}: a result too many"
                place = due.pop(0)
                if self._filter is not None:
                    assert int(self._filter.value) + u == place.filter, f"unit {u}, {place}"
                came = part(self._sum, u * bits, bits, True)
                wanted = int(self._sums[place.filter, place.position])
                assert came == wanted, f"unit {u}, {place}: {came}, not {wanted}"

    def _end(self) -> None:
        assert not any(self._due), "results did not come"


def random_epilogue(random: np.random.Generator, filters: int) -> Epilogue:
    """A layer's parameters, with values within range or beyond."""
    low = int(random.choice([-128, 0]))
    return Epilogue(
        bias=random.integers(-2000, 2000, filters),
        multiplier=random.integers(1 << 30, 1 << 32, filters).astype(np.uint32),
        shift=random.integers(34, 44, filters).astype(np.uint8),
        relu=bool(random.integers(2)),
        threshold=int(random.integers(4)),
        zero_point=int(random.integers(low, low + 20)),
        low=low,
        high=low + 255,
    )
