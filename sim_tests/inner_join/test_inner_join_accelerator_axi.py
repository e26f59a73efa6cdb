"""inner_join_accelerator_axi.v: a layer over its buses gives the package's values, cycles,
classes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cocotb
import numpy as np
import pytest
import simulation
from bench import DENSITIES, Clock, generator, parameters
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)
from encoded import beat, beats
from inner_join_register_map import REGISTERS, WORDS
from register_map import BUSY, CLEAR, OVERFLOW, START
from result_order import results_of_pass
from scale_cases import LARGEST

import sparsesim as ss
from sparsesim.fixed_point import kernels
from sparsesim.fixed_point.requantise import requantise, scale_of
from sparsesim.fixed_point.sums import wrapped
from sparsesim.machines.inner_join import SCHEMES

LINES = 2  # rows and columns of inner_join_axi_lines.v


@dataclass(frozen=True)
class Layer:
    """A product, as it is stored, and its post-processing.

    Attributes:
        activations: stored values, (positions, K). weights: likewise, (filters, K).
        activation_zero, weight_zero: zero points; a negative one says that values are signed.
        bias, multiplier, shift: of each filter.
        numbers: relu, threshold, zero point, low, high.
        raw: results are sums.
        drains: the pass ends its tiles.
    """

    activations: np.ndarray
    weights: np.ndarray
    activation_zero: int
    weight_zero: int
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    numbers: tuple[int, int, int, int, int]
    raw: bool = False
    drains: bool = True

    @property
    def operands(self) -> tuple[np.ndarray, np.ndarray]:
        """Activations and weights less their zero points, int64."""
        return self.activations - self.activation_zero, self.weights - self.weight_zero

    def sums(self, acc_bits: int) -> np.ndarray:
        """int64, (filters, positions)."""
        activations, weights = self.operands
        return wrapped(weights @ activations.T, acc_bits)


def random_layer(
    positions: int, filters: int, reduction: int, density: float, stream: int = 0
) -> Layer:
    """A layer of uint8 activations and int8 weights, the widest ones among them."""
    random = generator(stream)
    zero = 131
    activations = random.integers(0, 255, (positions, reduction), endpoint=True)
    activations[random.random(activations.shape) < 0.1] = 0
    activations[random.random(activations.shape) >= density] = zero
    weights = random.integers(-128, 127, (filters, reduction), endpoint=True)
    weights[random.random(weights.shape) >= density] = 0
    reach = np.abs(weights).sum(axis=1).max(initial=0) * 128 + 1
    multiplier, shift = scale_of(random.uniform(100, 600, filters) / reach)
    bias = random.integers(-reach // 8, reach // 8 + 1, filters)
    return Layer(activations, weights, zero, 0, bias, multiplier, shift, (0, 2, 17, 0, 255))


class Machine:
    """The accelerator behind its buses, and what the package says of it."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.acc_bits = told["WINDOW"], told["ACC_W"]
        self.in_bytes = (self.window * 9 + 7) // 8
        self.out_bytes = (max(self.window * 9, self.acc_bits) + 7) // 8
        self.told = told
        self.accelerator = ss.Accelerator(
            rows=LINES,
            cols=LINES,
            window=self.window,
            lanes=told["LANES"],
            queue_depth=told["QUEUE_DEPTH"],
            feed_latency=told["FEED_LATENCY"],
            skipping=SCHEMES[told["SKIPPING"]],
            loop_order="positions_inner" if told["POSITIONS_INNER"] else "filters_inner",
            acc_bits=self.acc_bits,
        )
        self.clock = Clock(dut)
        signals = (dut.clk_i, dut.rst_ni, False)  # the reset is active low
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *signals)

        def bus(name: str, line: int) -> AxiStreamBus:
            return AxiStreamBus.from_prefix(dut, f"{name}_{line}")

        lines = range(LINES)
        self.weights = [AxiStreamSource(bus("s_axis_weight", i), *signals) for i in lines]
        self.activations = [AxiStreamSource(bus("s_axis_activation", j), *signals) for j in lines]
        self.results = [AxiStreamSink(bus("m_axis_result", j), *signals) for j in lines]

    def pace(self, idle: float, stall: float) -> None:
        """Shares of idle cycles and of back-pressure, on every stream and AXI4-Lite channel."""

        def pauses(share: float, stream: int) -> Iterator[bool]:
            random = generator(stream)
            while True:
                yield bool(random.random() < share)

        write, read = self.master.write_if, self.master.read_if
        givers = [*self.weights, *self.activations, write.aw_channel, write.w_channel]
        takers = [*self.results, write.b_channel, read.r_channel]
        for stream, channel in enumerate([*givers, read.ar_channel]):
            channel.set_pause_generator(pauses(idle, 100 + stream))
        for stream, channel in enumerate(takers):
            channel.set_pause_generator(pauses(stall, 200 + stream))

    async def write(self, name: str, number: int) -> None:
        """Write a register; it is accepted."""
        word = (number & LARGEST).to_bytes(4, "little")
        response = await self.master.write(REGISTERS[name].offset, word)
        assert response.resp == AxiResp.OKAY, name

    async def read(self, name: str) -> int:
        """Read a register."""
        response = await self.master.read(REGISTERS[name].offset, 4)
        assert response.resp == AxiResp.OKAY, name
        return int.from_bytes(response.data, "little")

    async def count(self, name: str) -> int:
        """Read a count of 48 bits."""
        return await self.read(name) | await self.read(f"{name}_HIGH") << 32

    async def set_up(self, layer: Layer) -> None:
        """Program everything but the start."""
        positions, reduction = layer.activations.shape
        filters = len(layer.weights)
        relu, threshold, zero_point, low, high = layer.numbers
        words = {
            "WINDOWS": -(-reduction // self.window),
            "FILTER_TILES": -(-filters // LINES),
            "POSITION_TILES": -(-positions // LINES),
            "LAST_FILTERS": (filters - 1) % LINES + 1,
            "LAST_POSITIONS": (positions - 1) % LINES + 1,
            "LAST_LENGTH": (reduction - 1) % self.window + 1,
            "DRAINS": layer.drains,
            "RELU": relu,
            "THRESHOLD": threshold,
            "ZERO_POINT": zero_point,
            "LOW": low,
            "HIGH": high,
            "RAW": layer.raw,
            "ACTIVATION_ZERO_POINT": layer.activation_zero,
            "ACTIVATION_SIGNED": int(layer.activations.min()) < 0,
            "WEIGHT_ZERO_POINT": layer.weight_zero,
            "WEIGHT_SIGNED": 1,
            "PARAM_INDEX": 0,
        }
        for name, number in words.items():
            await self.write(name, number)
        if layer.raw:
            return
        for bias, multiplier, shift in zip(
            layer.bias.tolist(), layer.multiplier.tolist(), layer.shift.tolist(), strict=True
        ):
            await self.write("PARAM_BIAS", bias)
            await self.write("PARAM_MULTIPLIER", multiplier)
            await self.write("PARAM_SHIFT", shift)

    def offer(self, layer: Layer) -> None:
        """Hand every line the windows of the pass."""
        position_tiles = range(-(-len(layer.activations) // LINES))
        filter_tiles = range(-(-len(layer.weights) // LINES))
        tiles = [(m, p) for p in position_tiles for m in filter_tiles]
        if self.told["POSITIONS_INNER"]:
            tiles = [(m, p) for m in filter_tiles for p in position_tiles]
        sides = (
            (self.weights, layer.weights, layer.weight_zero, [m for m, _ in tiles]),
            (self.activations, layer.activations, layer.activation_zero, [p for _, p in tiles]),
        )
        for sources, stored, zero, order in sides:
            for line, source in enumerate(sources):
                rows = [t * LINES + line for t in order if t * LINES + line < len(stored)]
                data = b"".join(self.encoded(stored[row], zero) for row in rows)
                if data:
                    source.send_nowait(AxiStreamFrame(data))

    def encoded(self, row: np.ndarray, zero: int) -> bytes:
        """The windows of a filter or position, as they go over the bus."""
        elements = [(int(value) & 0xFF, int(value != zero)) for value in row]
        windows = [elements[k : k + self.window] for k in range(0, len(elements), self.window)]
        return b"".join(beat(w, self.window, 8).to_bytes(self.in_bytes, "little") for w in windows)

    def expected(self, layer: Layer, column: int) -> list[bytes]:
        """A column's frames: the beats up to each tlast."""
        if not layer.drains:
            return []
        sums = layer.sums(self.acc_bits)
        z = requantise(sums, layer.bias, layer.multiplier, layer.shift, *layer.numbers)
        positions = [p for p in range(sums.shape[1]) if p % LINES == column]
        inner = bool(self.told["POSITIONS_INNER"])
        order = results_of_pass(LINES, len(sums), len(positions), inner)
        at = [(result.filter, positions[result.position_tile]) for result in order]
        lasts = [int(result.closes) for result in order]
        if layer.raw:
            numbers = [int(sums[where]) & (1 << self.acc_bits) - 1 for where in at]
        else:
            values = [int(z[where]) for where in at]
            zero = layer.numbers[2]
            made = beats(
                [(v & 0xFF, int(v != zero), end) for v, end in zip(values, lasts, strict=True)],
                self.window,
                8,
            )
            numbers, lasts = [b["beat"] for b in made], [b["last"] for b in made]
        frames = [b""]
        for number, last in zip(numbers, lasts, strict=True):
            frames[-1] += number.to_bytes(self.out_bytes, "little")
            if last:
                frames.append(b"")
        assert frames.pop() == b""
        return frames

    async def run(self, layer: Layer, offer_first: bool = True) -> tuple[int, dict[str, int]]:
        """One pass: the results are the package's. Returns cycles and classes as told."""
        await self.set_up(layer)
        if offer_first:
            self.offer(layer)
            await self.clock.cycles(10)
        await self.write("CONTROL", START)
        if not offer_first:
            self.offer(layer)
        for column, sink in enumerate(self.results):
            for number, frame in enumerate(self.expected(layer, column)):
                came = await sink.recv()
                assert bytes(came.tdata) == frame, f"column {column}, frame {number}"
        for _ in range(1000):
            if not await self.read("STATUS") & BUSY:
                break
        else:
            raise AssertionError("the machine is still busy")
        assert all(sink.empty() for sink in self.results)
        assert all(source.idle() for source in [*self.weights, *self.activations])
        classes = {name.lower(): await self.count(name) for name in WORDS.counts[1:]}
        return await self.count("CYCLES"), classes

    def model(self, layer: Layer) -> tuple[int, dict[str, int]]:
        """Cycles and classes by the package."""
        activations, weights = layer.operands
        count = ss.array_cycles(activations != 0, weights != 0, self.accelerator, layer.drains)
        return count.cycles, count.classes


async def made(dut) -> Machine:
    """A machine out of reset."""
    machine = Machine(dut)
    await machine.clock.reset()
    return machine


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_layer_gives_the_models_values_cycles_and_classes(dut):
    machine = await made(dut)
    reduction = 3 * machine.window + 1
    for stream, density in enumerate(DENSITIES.values()):
        for positions, filters in ((1, 1), (5, 3), (4, 9)):
            layer = random_layer(positions, filters, reduction, density, stream)
            assert await machine.run(layer) == machine.model(layer)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def idle_and_back_pressure_everywhere_change_no_value(dut):
    machine = await made(dut)
    for stream, (idle, stall) in enumerate(((0.5, 0.0), (0.0, 0.5), (0.6, 0.8))):
        machine.pace(idle, stall)
        layer = random_layer(5, 7, 2 * machine.window + 3, 0.5, stream)
        cycles, classes = await machine.run(layer, offer_first=False)
        least, pure = machine.model(layer)
        assert cycles >= least
        assert sum(classes.values()) == LINES * LINES * machine.told["LANES"] * cycles
        for name in ("effectual", "ineffectual"):
            assert classes[name] == pure[name]


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def raw_results_are_the_sums(dut):
    machine = await made(dut)
    layer = replace(random_layer(3, 5, machine.window + 2, 0.6), raw=True)
    assert await machine.run(layer) == machine.model(layer)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_cut_reduction_gives_one_sum_over_its_passes(dut):
    machine = await made(dut)
    whole = replace(random_layer(2, 2, 6 * machine.window, 0.6), raw=True)
    parts = np.split(np.arange(6 * machine.window), 3)
    for number, k in enumerate(parts):
        part = replace(
            whole,
            activations=whole.activations[:, k],
            weights=whole.weights[:, k],
            drains=number == len(parts) - 1,
        )
        if part.drains:
            await machine.set_up(part)
            machine.offer(part)
            await machine.clock.cycles(10)
            await machine.write("CONTROL", START)
            for column, sink in enumerate(machine.results):
                for frame in machine.expected(whole, column):
                    assert bytes((await sink.recv()).tdata) == frame
        else:
            assert await machine.run(part) == machine.model(part)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def signed_activations_with_a_zero_point_come_out(dut):
    machine = await made(dut)
    layer = random_layer(3, 3, 2 * machine.window, 0.5)
    layer = replace(
        layer,
        activations=layer.activations - 128,
        activation_zero=layer.activation_zero - 128,
        numbers=(1, 0, -5, -128, 127),
    )
    assert await machine.run(layer) == machine.model(layer)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def an_overflow_is_told_until_it_is_cleared(dut):
    machine = await made(dut)
    acc_bits = machine.acc_bits
    full = random_layer(2, 2, 3 * machine.window, 1.0)
    wide = replace(
        full,
        activations=np.full_like(full.activations, 255),
        weights=np.full_like(full.weights, 127),
        raw=True,
    )
    scheme = machine.accelerator.skipping
    for layer in (random_layer(2, 2, 2, 0.0), wide, random_layer(1, 1, 2, 0.0)):
        activations, weights = layer.operands
        numbers = [
            machine.window,
            machine.accelerator.lanes,
            scheme in ("activation", "two_sided"),
            scheme in ("weight", "two_sided"),
            min(acc_bits, 63),
        ]
        overflows = np.zeros((len(weights), len(activations)), bool)
        kernels.overflows(
            activations.astype(np.int16),
            weights.astype(np.int16),
            np.array(numbers, np.int64),
            np.ones_like(overflows),
            overflows,
        )
        assert await machine.run(layer) == machine.model(layer)
        expected = OVERFLOW if overflows.any() else 0
        assert await machine.read("STATUS") == expected
        assert expected == (OVERFLOW if layer is wide and acc_bits <= 16 else 0)
        await machine.write("CONTROL", CLEAR)
        assert await machine.read("STATUS") == 0


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def registers_tell_the_machine_and_keep_still_while_it_works(dut):
    machine = await made(dut)
    shape = {"ROWS": LINES, "COLS": LINES, "ACT_W": 9, "WEIGHT_W": 8, "VALUE_W": 8}
    for name in WORDS.parameters:
        expected = {**machine.told, **shape, "COUNTERS_EN": 1}[name]
        assert await machine.read(name) == expected, name
    layer = random_layer(2, 2, 4 * machine.window, 0.5)
    await machine.set_up(layer)
    await machine.write("CONTROL", START)  # no operands: it waits for them
    assert await machine.read("STATUS") == BUSY
    for name, number in (("WINDOWS", 1), ("PARAM_SHIFT", 0), ("CONTROL", START)):
        response = await machine.master.write(REGISTERS[name].offset, bytes([number, 0, 0, 0]))
        assert response.resp == AxiResp.SLVERR, name
    machine.offer(layer)
    for column, sink in enumerate(machine.results):
        for frame in machine.expected(layer, column):
            assert bytes((await sink.recv()).tdata) == frame


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def reset_in_the_middle_leaves_nothing_behind(dut):
    machine = await made(dut)
    layer = random_layer(4, 6, 4 * machine.window, 0.7)
    for cycles in (3, 20, 45, 90):
        await machine.set_up(layer)
        machine.offer(layer)
        await machine.write("CONTROL", START)
        await machine.clock.cycles(cycles)
        for stream in [*machine.weights, *machine.activations]:
            stream.clear()
        await machine.clock.reset()
        for sink in machine.results:
            sink.clear()
        assert await machine.read("STATUS") == 0
        assert await machine.run(layer) == machine.model(layer)


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 16, "LANES": 4, "QUEUE_DEPTH": 2, "FEED_LATENCY": 3, "POSITIONS_INNER": 1},
        {"WINDOW": 5, "SKIPPING": 0, "QUEUE_DEPTH": 1, "ACC_W": 16, "MAX_FILTERS": 9},
        {"WINDOW": 2, "SKIPPING": 1, "POSITIONS_INNER": 1, "ACC_W": 33},
    ],
)
def test_inner_join_accelerator_axi(simulator, parameters, tmp_path):
    if simulator == "icarus":
        simulation.skip_without_icarus()
    here = Path(__file__).parent
    hdl = shutil.copytree(here.parents[1] / "hdl", tmp_path / "hdl")
    shutil.copy(here / "inner_join_axi_lines.v", hdl)
    simulation.run(
        simulator,
        "inner_join_axi_lines",
        parameters,
        "test_inner_join_accelerator_axi",
        tmp_path,
        hdl,
    )
