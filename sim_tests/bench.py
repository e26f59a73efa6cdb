"""What cocotb tests share: clock, streams, monitors, a checker, waiting, stimuli. Not the pytest
side (simulation.py), and no model: those are the package's.

A test file in whole:

    import cocotb
    import pytest
    from bench import Checker, Clock, Driver, Monitor, generator, parameters

    @cocotb.test()
    async def every_beat_comes_out_in_order(dut):
        clock = Clock(dut)
        checker = Checker("output")
        Monitor(clock, dut.valid_o, {"value": dut.value_o}, checker, ready=dut.ready_i, stall=0.5)
        source = Driver(clock, dut.valid_i, dut.ready_o, {"value": dut.value_i}, idle=0.5)
        await clock.reset()
        beats = [{"value": int(v)} for v in generator().integers(0, 256, 100)]
        checker.expect(beats)
        await source.send(beats)
        await checker.done(clock, cycles=1000)

    @pytest.mark.parametrize("parameters", [{}, {"DEPTH": 1}])
    def test_queue(simulate, parameters):
        simulate("queue", parameters)

Sampling: right behind a rising edge a signal reads as it was in the cycle that this edge ends, in
both simulators; what is written there holds from the cycle that begins. So nobody needs delays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock as _Toggle
from cocotb.handle import ValueObjectBase
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time
from vectors import Field as Field
from vectors import fields as fields
from vectors import mask as mask
from vectors import pack as pack
from vectors import signed as signed
from vectors import unpack as unpack

DENSITIES = {"empty": 0.0, "sparse": 0.1, "half": 0.5, "full": 1.0}
"""Shares of non-zero elements that every stimulus should be tried with."""

Beat = Mapping[str, int]
"""What one transfer carries: a number for each payload field."""


def parameters() -> dict[str, int]:
    """The Verilog parameters of the module under test, defaults included."""
    return dict(json.loads(os.environ["SPARSESIM_PARAMETERS"]))


def generator(stream: int = 0) -> np.random.Generator:
    """Random numbers of this run's seed; another `stream` gives independent ones."""
    return np.random.default_rng([cocotb.RANDOM_SEED, stream])


def is_high(signal: Any) -> bool:
    """Whether a one-bit signal is 1; an unknown one is not."""
    return bool(signal.value == 1)


class Clock:
    """The clock `clk_i` and the reset `rst_ni`, and which cycle it is.

    Args:
        dut: the module; its other inputs (`*_i`) are set to 0 until somebody drives them.
        period_ns: even.
    """

    def __init__(self, dut: Any, period_ns: int = 10) -> None:
        self._clk = dut.clk_i
        self._reset = getattr(dut, "rst_ni", None)
        self._period_ns = period_ns
        self._zero_ns = 0.0
        for handle in dut:
            is_signal = isinstance(handle, ValueObjectBase)
            if is_signal and handle._name.endswith("_i") and handle._name != "clk_i":
                handle.value = 0
        if self._reset is not None:
            self._reset.value = 0
        _Toggle(self._clk, period_ns, unit="ns").start()

    async def edge(self) -> None:
        """The next rising edge."""
        await RisingEdge(self._clk)

    async def cycles(self, count: int) -> None:
        """That many rising edges."""
        for _ in range(count):
            await self.edge()

    async def reset(self, cycles: int = 2) -> None:
        """Hold the reset for that many cycles; the first cycle without it is cycle 0."""
        if self._reset is not None:
            self._reset.value = 0
        await self.cycles(cycles)
        if self._reset is not None:
            self._reset.value = 1
        self.zero()

    def zero(self) -> None:
        """Right behind a rising edge: the cycle that begins with it is cycle 0."""
        self._zero_ns = get_sim_time("ns")

    @property
    def cycle(self) -> int:
        """Right behind a rising edge: the number of the cycle that it ended, in which what is read
        now held.
        """
        return round((get_sim_time("ns") - self._zero_ns) / self._period_ns) - 1


async def wait_for(
    clock: Clock, condition: Callable[[], bool], cycles: int, what: str = "the condition"
) -> int:
    """Wait until a condition holds at a rising edge; it is also asked after the first one.

    Args:
        condition: asked right behind each rising edge.
        cycles: how many edges to wait at most.
        what: for the error.
    Returns:
        `clock.cycle` of that edge.
    Raises:
        AssertionError: it never held.
    """
    for _ in range(cycles):
        await clock.edge()
        if condition():
            return clock.cycle
    raise AssertionError(f"{what} did not hold within {cycles} cycles")


class Driver:
    """Sends beats over a valid/ready stream with random idle cycles before them.

    The payload is noise while nothing is offered, so that nobody reads it then unseen. What is
    offered stays until it is taken.

    Args:
        clock: of the stream.
        valid: driven.
        ready: read; None is a stream that always takes.
        payload: driven, by field name.
        idle: probability of an idle cycle before a beat and after each idle one, 0 to below 1.
        stream: of `generator`; give drivers and monitors that run side by side different ones.
        patience_cycles: how long a beat may wait to be taken.
    """

    def __init__(
        self,
        clock: Clock,
        valid: Any,
        ready: Any,
        payload: Mapping[str, Any],
        idle: float = 0.0,
        stream: int = 1,
        patience_cycles: int = 10_000,
    ) -> None:
        self.clock = clock
        self.valid = valid
        self.ready = ready
        self.payload = payload
        self.idle = idle
        self.patience_cycles = patience_cycles
        self._generator = generator(stream)

    async def send(self, beats: Iterable[Beat]) -> list[int]:
        """Send these; returns behind the edge that took the last: the cycle that took each.

        Raises:
            AssertionError: a beat was not taken in time.
        """
        cycles = []
        for beat in beats:
            while self.idle and self._generator.random() < self.idle:
                self._rest()
                await self.clock.edge()
            self.valid.value = 1
            for name, signal in self.payload.items():
                signal.value = int(beat[name])
            cycles.append(await self._taken(beat))
        self._rest()
        return cycles

    async def _taken(self, beat: Beat) -> int:
        for _ in range(self.patience_cycles):
            await self.clock.edge()
            if self.ready is None or is_high(self.ready):
                return self.clock.cycle
        raise AssertionError(f"{dict(beat)} was not taken within {self.patience_cycles} cycles")

    def _rest(self) -> None:
        self.valid.value = 0
        for signal in self.payload.values():
            width = len(signal) if hasattr(signal, "__len__") else 1
            noise = int.from_bytes(self._generator.bytes(width // 8 + 1), "little")
            signal.value = noise & (1 << width) - 1


class Monitor:
    """Takes the beats of a stream, from now on, with random back-pressure.

    It also checks the stream's law: what is offered stays, unchanged, until it is taken.

    Args:
        clock: of the stream.
        valid: read.
        payload: read, by field name, as unsigned numbers (`signed` helps).
        take: called with each beat, such as a `Checker`.
        ready: driven; None is a stream without back-pressure.
        stall: probability that ready is low in a cycle, 0 to below 1.
        stream: of `generator`.
    Attributes:
        beats: all that were taken.
        cycles: the cycle of each.
    """

    def __init__(
        self,
        clock: Clock,
        valid: Any,
        payload: Mapping[str, Any],
        take: Callable[[Beat], None] | None = None,
        ready: Any = None,
        stall: float = 0.0,
        stream: int = 2,
    ) -> None:
        self.clock = clock
        self.valid = valid
        self.payload = payload
        self.take = take
        self.ready = ready
        self.stall = stall
        self.beats: list[Beat] = []
        self.cycles: list[int] = []
        self._generator = generator(stream)
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        waiting: Beat | None = None  # offered in the last cycle and not taken
        is_ready = self._next_ready()
        while True:
            await self.clock.edge()
            if is_high(self.valid):
                beat = {name: int(signal.value) for name, signal in self.payload.items()}
                if waiting is not None and beat != waiting:
                    raise AssertionError(f"{waiting} was offered, not taken, and became {beat}")
                waiting = None if is_ready else beat
                if is_ready:
                    self.beats.append(beat)
                    self.cycles.append(self.clock.cycle)
                    if self.take is not None:
                        self.take(beat)
            elif waiting is not None:
                raise AssertionError(f"{waiting} was offered, not taken, and withdrawn")
            is_ready = self._next_ready()

    def _next_ready(self) -> bool:
        if self.ready is None:
            return True
        is_ready = not (self.stall and self._generator.random() < self.stall)
        self.ready.value = int(is_ready)
        return is_ready


class Checker:
    """Compares beats with those expected, in order, and names the first difference.

    Args:
        name: of what is checked, for the error.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._expected: list[Beat] = []
        self._seen = 0

    def expect(self, beats: Iterable[Beat]) -> None:
        """These come next, behind those already expected; fields not named are not compared."""
        self._expected += beats

    def __call__(self, beat: Beat) -> None:
        """Compare the next beat."""
        number = self._seen
        if number >= len(self._expected):
            raise AssertionError(f"{self.name}: beat {number} is one too many: {dict(beat)}")
        for field, value in self._expected[number].items():
            if beat[field] != value:
                raise AssertionError(
                    f"{self.name}: beat {number}, {field}: got {beat[field]}, expected {value}"
                )
        self._seen += 1

    async def done(self, clock: Clock, cycles: int) -> None:
        """Wait until all has come, and a few cycles more, in which nothing else may.

        Raises:
            AssertionError: not all came within that many cycles.
        """
        for _ in range(cycles):
            if self._seen == len(self._expected):
                break
            await clock.edge()
        missing = len(self._expected) - self._seen
        if missing:
            raise AssertionError(
                f"{self.name}: {missing} of {len(self._expected)} beats did not come within "
                f"{cycles} cycles; next: {dict(self._expected[self._seen])}"
            )
        await clock.cycles(4)


def random_values(
    random: np.random.Generator, shape: Sequence[int], density: float, bits: int
) -> np.ndarray:
    """Signed operands of which a share is not zero, the widest ones of both signs among them.

    Args:
        random: from `generator`.
        shape: such as (windows, window).
        density: share of non-zero elements, 0 to 1.
        bits: width, 2 to 63.
    Returns:
        int64, that shape.
    """
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    values = random.integers(low, high, shape, endpoint=True)
    edge = random.random(shape)
    values = np.where(edge < 0.1, low, np.where(edge > 0.9, high, values))
    values = np.where(values == 0, 1, values)
    return np.where(random.random(shape) < density, values, 0)
