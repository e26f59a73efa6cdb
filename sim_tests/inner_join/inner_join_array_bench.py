"""An array under test: its operand streams, its results, and what the package says of a pass.

For inner_join_array.v and for what wraps it: operands, shape and counts have the same ports there.
Not the post-processing, which is test_inner_join_accelerator.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import cocotb
import numpy as np
from bench import (
    Beat,
    Checker,
    Clock,
    Driver,
    Monitor,
    fields,
    generator,
    is_high,
    mask,
    pack,
    parameters,
    random_values,
    unpack,
    wait_for,
)
from cocotb.task import Task
from inner_join_register_map import WORDS
from result_order import Result, results_of_pass

import sparsesim as ss
from sparsesim.estimator.array_cycles import PassCount
from sparsesim.fixed_point import kernels
from sparsesim.machines.inner_join import CLASSES, SCHEMES
from sparsesim.machines.inner_join.verilog import RTL_FIELDS

_LOOP_ORDERS = ("filters_inner", "positions_inner")


@dataclass(frozen=True, eq=False)
class Operands:
    """A product's operands, or a cut of K of them.

    Attributes:
        acts: int64, (positions, K).
        weights: int64, (filters, K).
    """

    acts: np.ndarray
    weights: np.ndarray

    def then(self, behind: Operands) -> Operands:
        """Both one behind the other along K."""
        return Operands(
            np.hstack([self.acts, behind.acts]), np.hstack([self.weights, behind.weights])
        )


def machine() -> ss.Accelerator:
    """The accelerator that the parameters of the module under test make."""
    told = parameters()
    return ss.Accelerator(
        skipping=SCHEMES[told["SKIPPING"]],
        loop_order=_LOOP_ORDERS[told["POSITIONS_INNER"]],
        **{field: told[name] for name, field in RTL_FIELDS.items()},
    )


def sized_operands(
    random: np.random.Generator,
    machine: ss.Accelerator,
    size: tuple[int, int, int],
    densities: tuple[float, float] = (0.5, 0.5),
) -> Operands:
    """Operands whose lines differ in density.

    Args:
        random: of `generator`.
        machine: the array.
        size: positions, filters, K.
        densities: of activations and of weights, 0 to 1.
    """
    positions, filters, reduction = size
    sides = (
        (positions, densities[0], machine.act_bits),
        (filters, densities[1], machine.weight_bits),
    )
    made = []
    for lines, density, bits in sides:
        values = random_values(random, (lines, reduction), density, bits)
        if 0 < density < 1:
            values *= random.random(values.shape) < random.uniform(0.3, 2.0, (lines, 1))
        made.append(values)
    return Operands(*made)


def random_operands(
    random: np.random.Generator,
    machine: ss.Accelerator,
    densities: tuple[float, float] = (0.5, 0.5),
    tiles: int = 3,
    windows: int = 4,
) -> Operands:
    """Operands of up to so many tiles along each axis and windows, the last ones partial or not."""
    most = (tiles * machine.cols, tiles * machine.rows, windows * machine.window)
    positions, filters, reduction = (int(random.integers(1, n, endpoint=True)) for n in most)
    return sized_operands(random, machine, (positions, filters, reduction), densities)


def model_count(operands: Operands, machine: ss.Accelerator, drains: bool = True) -> PassCount:
    """The package's cycles and classes of a pass."""
    return ss.array_cycles(operands.acts != 0, operands.weights != 0, machine, drains)


def model_sums(operands: Operands, machine: ss.Accelerator) -> tuple[np.ndarray, np.ndarray]:
    """Exact sums, int64, and whether a running sum overflowed, bool; (filters, positions) both."""
    acts, weights = operands.acts, operands.weights
    suspects = np.abs(weights) @ np.abs(acts).T >= 1 << machine.acc_bits - 1
    overflow = np.zeros(suspects.shape, bool)
    if suspects.any():
        skips = SCHEMES.index(machine.skipping)
        numbers = [machine.window, machine.lanes, skips & 1, skips >> 1, machine.acc_bits]
        narrow = (acts.astype(np.int16), weights.astype(np.int16))
        kernels.overflows(*narrow, np.array(numbers, np.int64), suspects, overflow)
    return weights @ acts.T, overflow


def column_results(operands: Operands, machine: ss.Accelerator, column: int) -> list[Result]:
    """The results that a column gives in a pass, in order."""
    tiles = -(-(len(operands.acts) - column) // machine.cols)
    inner = machine.loop_order == "positions_inner"
    return results_of_pass(machine.rows, len(operands.weights), tiles, inner)


class Streams:
    """The streams of one side, weights or activations: a driver for each line of the array.

    Args:
        dut, clock: of the array.
        side: of the ports' names, `weight` or `act`.
        lines: of the array.
        window: pairs of a window.
        bits: width of a value.
        stream: of `generator`; each line has its own from there on.
    """

    def __init__(
        self, dut: Any, clock: Clock, side: str, lines: int, window: int, bits: int, stream: int
    ) -> None:
        self._window, self._bits, self._lines = window, bits, lines
        self._valid = getattr(dut, f"{side}_valid_i")
        ports = [
            fields(getattr(dut, f"{side}_{name}"), lines)
            for name in ("valid_i", "ready_o", "mask_i", "values_i")
        ]
        self.drivers = [
            Driver(clock, valid, ready, {"mask": mask, "values": values}, stream=stream + line)
            for line, (valid, ready, mask, values) in enumerate(zip(*ports, strict=True))
        ]
        self._tasks: list[Task] = []

    def send(self, values: np.ndarray, tiles: Sequence[int]) -> None:
        """Offer each line its windows, from now on.

        Args:
            values: int64, (lines of the product, K).
            tiles: of this side, one for each tile of the pass, in order.
        """
        windows = [self._windows(row) for row in values]
        self._tasks = []
        for line, driver in enumerate(self.drivers):
            there = [tile * self._lines + line for tile in tiles]
            beats = chain.from_iterable(windows[n] for n in there if n < len(windows))
            self._tasks.append(cocotb.start_soon(driver.send(beats)))

    def sent(self) -> bool:
        """Whether all was taken."""
        return all(task.done() for task in self._tasks)

    def stop(self) -> None:
        """Offer nothing any more."""
        for task in self._tasks:
            task.cancel()
        for driver in self.drivers:
            driver.valid.value = 0

    def _windows(self, row: np.ndarray) -> list[Beat]:
        size = self._window
        cuts = [row[at : at + size] for at in range(0, len(row), size)]
        return [{"mask": mask(cut), "values": pack(cut, self._bits)} for cut in cuts]


class ArrayBench:
    """Streams, shape, monitors of results and the checkers behind them.

    Args:
        dut: the module.
        results: of its ports' names: `result` or `sum`.
        clock: of the module; None makes one.
    Attributes:
        random: for a test's own choices.
        idle: probability of an idle cycle of each stream.
        pass_cycles: how long a pass may take at most.
        ended: cycle of the pass in which busy_o had fallen.
    """

    def __init__(self, dut: Any, results: str = "result", clock: Clock | None = None) -> None:
        self.dut = dut
        self.machine = machine()
        self.clock = clock or Clock(dut)
        self.random = generator()
        self.idle = 0.0
        self.pass_cycles = 10_000
        self.ended = 0
        rows, cols, window = self.machine.rows, self.machine.cols, self.machine.window
        self.weights = Streams(
            dut, self.clock, "weight", rows, window, self.machine.weight_bits, stream=1000
        )
        self.acts = Streams(
            dut, self.clock, "act", cols, window, self.machine.act_bits, stream=3000
        )
        self.checkers = [Checker(f"results of column {column}") for column in range(cols)]
        ports = [
            fields(getattr(dut, f"{results}{name}_o"), cols)
            for name in ("_valid", "", "_last", "_overflow")
        ]
        self.monitors = [
            Monitor(self.clock, valid, {"sum": total, "last": last, "overflow": overflow}, checker)
            for (valid, total, last, overflow), checker in zip(
                zip(*ports, strict=True), self.checkers, strict=True
            )
        ]

    async def start(
        self, operands: Operands, drains: bool = True, before: Operands | None = None
    ) -> None:
        """Start a pass: its cycle 0 begins. Its results are expected.

        Args:
            operands: of the pass; K of whole windows where it does not end its tile.
            drains: it ends its tiles.
            before: what earlier passes left in the PEs.
        """
        filters, positions = len(operands.weights), len(operands.acts)
        reduction = operands.acts.shape[1]
        rows, cols, window = self.machine.rows, self.machine.cols, self.machine.window
        filter_tiles, position_tiles = -(-filters // rows), -(-positions // cols)
        windows = -(-reduction // window)
        shape = {
            "WINDOWS": windows,
            "FILTER_TILES": filter_tiles,
            "POSITION_TILES": position_tiles,
            "LAST_FILTERS": filters - (filter_tiles - 1) * rows,
            "LAST_POSITIONS": positions - (position_tiles - 1) * cols,
            "LAST_LENGTH": reduction - (windows - 1) * window,
            "DRAINS": int(drains),
        }
        self.dut.pass_i.value = pack([shape[name] for name in WORDS.shape], 32)
        for driver in (*self.weights.drivers, *self.acts.drivers):
            driver.idle = self.idle
        tiles = [(m, p) for p in range(position_tiles) for m in range(filter_tiles)]
        if self.machine.loop_order == "positions_inner":
            tiles = [(m, p) for m in range(filter_tiles) for p in range(position_tiles)]
        self.weights.send(operands.weights, [m for m, _ in tiles])
        self.acts.send(operands.acts, [p for _, p in tiles])
        if drains:
            self.expect(before.then(operands) if before else operands)
        self.dut.start_i.value = 1
        await self.clock.edge()
        self.dut.start_i.value = 0
        self.clock.zero()

    def expect(self, operands: Operands) -> None:
        """The results of these come next."""
        sums, overflow = model_sums(operands, self.machine)
        field = (1 << self.machine.acc_bits) - 1
        for column, checker in enumerate(self.checkers):
            for result in column_results(operands, self.machine, column):
                at = result.filter, result.position_tile * self.machine.cols + column
                last, overflowed = int(result.ends_tile), int(overflow[at])
                checker.expect(
                    [{"sum": int(sums[at]) & field, "last": last, "overflow": overflowed}]
                )

    async def finish(self) -> PassCount:
        """Wait for the end of the pass; all was taken, all came. Returns what was counted."""
        await wait_for(
            self.clock, lambda: not is_high(self.dut.busy_o), self.pass_cycles, "the end"
        )
        self.ended = self.clock.cycle
        assert self.weights.sent() and self.acts.sent(), "windows were not taken"
        counted = self.counted()
        for checker in self.checkers:
            await checker.done(self.clock, cycles=0)
        assert self.counted() == counted, "counts changed behind the pass"
        return counted

    async def passes(
        self, operands: Operands, drains: bool = True, before: Operands | None = None
    ) -> PassCount:
        """A whole pass; its results are checked. Returns what was counted."""
        await self.start(operands, drains, before)
        return await self.finish()

    def counted(self) -> PassCount:
        """What the module counted: cycles, and classes where it has counters."""
        slots = unpack(int(self.dut.counters_o.value), 48, len(CLASSES))
        classes = dict(zip(CLASSES, slots, strict=True))
        return PassCount(int(self.dut.cycles_o.value), classes, classes["effectual"])

    async def reset(self) -> None:
        """Reset, midway or not: streams stop, and nothing is expected any more."""
        self.weights.stop()
        self.acts.stop()
        await self.clock.reset()
        self.checkers = [Checker(checker.name) for checker in self.checkers]
        for monitor, checker in zip(self.monitors, self.checkers, strict=True):
            monitor.take = checker


class Stall:
    """Holds each bit of a vector low in random cycles.

    Args:
        clock: of the vector.
        signal: driven; 1 bit or more.
        stream: of `generator`.
    Attributes:
        probability: that a bit is low in a cycle, 0 to below 1.
    """

    def __init__(self, clock: Clock, signal: Any, stream: int = 5) -> None:
        self.clock = clock
        self.probability = 0.0
        self._signal = signal
        self._random = generator(stream)
        signal.value = (1 << len(signal)) - 1
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while True:
            await self.clock.edge()
            high = self._random.random(len(self._signal)) >= self.probability
            self._signal.value = mask(high)
