"""sparsesim_mac.v: sums and overflows are the package's, and stand in the result register in
time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Clock, generator, pack, parameters, random_values

import sparsesim as ss
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import exact_sums
from sparsesim.lowering import product

CYCLES = 6  # of multiplying in a tile, at most


@dataclass(frozen=True, eq=False)
class Tile:
    """Operands of a tile, (cycles, lanes) each; a lane without a pair is not valid."""

    weights: np.ndarray
    acts: np.ndarray
    valid: np.ndarray


class Bench:
    """Drives tiles; checks the result register in every cycle."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.random = dut, generator()
        self.lanes = told["LANES"]
        self.acc_bits, self.act_bits, self.weight_bits = (
            told[name] for name in ("ACC_W", "ACT_W", "WEIGHT_W")
        )
        # By the header: operands, product, a register a level of the tree, sum, result.
        self.latency = 4 + (self.lanes - 1).bit_length()
        self.clock = Clock(dut)
        self.results: list[tuple[int, int]] = []  # all that have stood in the register
        self._due: dict[int, tuple[int, int]] = {}
        self._held: str | None = None  # what it shows before the first

    def tile(self, density: float, cycles: int) -> Tile:
        """Random operands, the widest among them."""
        shape = (cycles, self.lanes)
        weights = random_values(self.random, shape, 1.0, self.weight_bits)
        acts = random_values(self.random, shape, density, self.act_bits)
        return Tile(weights, acts, self.random.random(shape) < density)

    def sums(self, tiles: list[Tile]) -> list[tuple[int, int]]:
        """The package's, with a window of one cycle's pairs: (sum, overflow)."""
        longest = max(len(tile.acts) for tile in tiles) * self.lanes
        operands = np.zeros((2, len(tiles), 1, longest), np.int16)
        for number, tile in enumerate(tiles):
            for line, values in enumerate((tile.acts, tile.weights)):
                flat = (values * tile.valid).ravel()
                operands[line, number, 0, : len(flat)] = flat
        lanes = self.lanes
        machine = ss.Accelerator(window=lanes, lanes=lanes, skipping="none", acc_bits=self.acc_bits)
        geometry = product(len(tiles), 1, 1, longest)
        computed = exact_sums(LayerProduct("mac", geometry, *operands, None, ""), machine)
        flags = computed.overflow.ravel().astype(int).tolist()
        return list(zip(computed.sums.ravel().tolist(), flags, strict=True))

    async def multiply(self, tiles: list[Tile], idle: float = 0.0) -> None:
        """Send tiles, with random idle cycles between all cycles; results come in time."""
        for tile, result in zip(tiles, self.sums(tiles), strict=True):
            last = len(tile.acts) - 1
            for number, valid in enumerate(tile.valid):
                while self.random.random() < idle:
                    await self.rest()
                self._drive(tile.acts[number], tile.weights[number], valid)
                self.dut.first_i.value, self.dut.last_i.value = number == 0, number == last
                if number == last:
                    self._due[self.clock.cycle + 1 + self.latency] = result
                await self.edge()
        await self.rest()

    async def rest(self, cycles: int = 1) -> None:
        """Cycles without a pair; operands are noise."""
        for _ in range(cycles):
            noise = self.tile(1.0, 1)
            self._drive(noise.acts[0], noise.weights[0], np.zeros(self.lanes, bool))
            self.dut.first_i.value = self.dut.last_i.value = 0
            await self.edge()

    async def edge(self) -> None:
        """A cycle; the result register holds what is due, else what it held."""
        await self.clock.edge()
        cycle = self.clock.cycle
        if cycle in self._due:
            self.results.append(self._due.pop(cycle))
            self._held = None
        result, overflow = self.dut.result_o.value, self.dut.overflow_o.value
        shown = f"{result} {overflow}"
        if self._held is None and self.results:
            got = result.to_signed() if result.is_resolvable else None, int(overflow)
            assert got == self.results[-1], f"cycle {cycle}: {got}, not {self.results[-1]}"
        assert self._held in (None, shown), f"cycle {cycle}: a result out of nothing: {shown}"
        self._held = shown

    async def reset(self) -> None:
        """One cycle of reset, from the one that comes on; what is inside never becomes a result."""
        self._due = {
            due: result for due, result in self._due.items() if due <= self.clock.cycle + 2
        }
        self.dut.rst_ni.value = 0
        await self.edge()
        self.dut.rst_ni.value = 1

    def _drive(self, acts: np.ndarray, weights: np.ndarray, valid: np.ndarray) -> None:
        self.dut.act_i.value = pack(acts, self.act_bits)
        self.dut.weight_i.value = pack(weights, self.weight_bits)
        self.dut.valid_i.value = pack(valid, 1)


@cocotb.test()
async def sums_are_the_models_in_time(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for idle in (0.0, 0.4):
        for density in DENSITIES.values():
            lengths = bench.random.integers(1, CYCLES, 24, endpoint=True)
            await bench.multiply([bench.tile(density, int(n)) for n in lengths], idle)
            await bench.rest(bench.latency)
    assert len(bench.results) == 2 * 4 * 24


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    if bench.lanes > 1 or min(bench.act_bits, bench.weight_bits) < 4:
        return
    tile = Tile(np.array([[-2], [4]]), np.array([[3], [5]]), np.ones((2, 1), bool))
    await bench.multiply([tile])
    await bench.rest(bench.latency)
    assert bench.results == [(14, 0)]


@cocotb.test()
async def an_overflow_stays_to_the_end_of_its_tile_and_no_longer(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    weight, act = 1 << bench.weight_bits - 1, 1 << bench.act_bits - 1
    half = 1 << bench.acc_bits - 1
    each = (weight - 1) * (act - 1) * bench.lanes  # of a cycle
    over = half // each + 1  # as many cycles leave the accumulator
    if over > 100:  # too wide to overflow within the test
        return
    lanes = np.ones((1, bench.lanes), int)

    def constant(*products: tuple[int, int]) -> Tile:
        weights = np.concatenate([w * lanes for w, _ in products])
        acts = np.concatenate([a * lanes for _, a in products])
        return Tile(weights, acts, np.ones_like(weights, bool))

    up, down = (weight - 1, act - 1), (weight - 1, 1 - act)
    tiles = [
        constant(*[up] * over, *[down] * over),
        constant((0, 0), *[up] * (over - 1), *[down] * (over - 1)),
        constant(*[down] * over, *[up] * over),
        constant((1, 1)),
    ]
    await bench.multiply(tiles, idle=0.2)
    await bench.rest(bench.latency)
    # By hand: up and down again, and the other way round, is 0; before that the sum had left the
    # accumulator, or was one cycle short of it.
    assert bench.results == [(0, 1), (0, 0), (0, 1), (bench.lanes, 0)]


@cocotb.test()
async def the_accumulators_ends_are_no_overflow(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    half = 1 << bench.acc_bits - 1
    most = (1 << max(bench.act_bits, bench.weight_bits) - 1) - 1  # of the wider operand
    if half > 100 * most:  # too wide to get there within the test
        return

    async def sums_up(*steps: int) -> tuple[int, int]:
        """The result of products with these values, one a cycle, in the last lane."""
        values, ones = np.zeros((2, len(steps), bench.lanes), int)
        values[:, -1], ones[:, -1] = steps, 1
        is_weight = bench.weight_bits > bench.act_bits
        operands = (values, ones) if is_weight else (ones, values)
        await bench.multiply([Tile(*operands, ones.astype(bool))])
        await bench.rest(bench.latency)
        return bench.results[-1]

    # By hand: the ends themselves fit; one step beyond does not, and wraps.
    count, rest = divmod(half - 1, most)
    up = [most] * count + [rest]
    down = [-step for step in up] + [-1]
    assert await sums_up(*up) == (half - 1, 0)
    assert await sums_up(*down) == (-half, 0)
    assert await sums_up(*up, 1) == (-half, 1)
    assert await sums_up(*down, -1) == (half - 1, 1)
    assert await sums_up(*up, 1, -1) == (half - 1, 1)
    assert await sums_up(*down, -1, 1) == (-half, 1)


@cocotb.test()
async def a_reset_drops_the_results_inside(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.multiply([bench.tile(1.0, 2)])
    await bench.rest(bench.latency)
    for wait in range(bench.latency + 2):
        await bench.multiply([bench.tile(1.0, 1)])
        await bench.rest(wait)
        await bench.reset()
        await bench.rest(bench.latency + 2)
        await bench.multiply([bench.tile(0.5, 3)])
        await bench.rest(bench.latency)


TABLE = [
    {"ACT_W": 5, "WEIGHT_W": 4, "ACC_W": 8},
    {"LANES": 3, "ACT_W": 16, "WEIGHT_W": 16, "ACC_W": 34},
    {"LANES": 4, "ACT_W": 2, "WEIGHT_W": 16, "ACC_W": 12},
]
WIDE = [
    {"LANES": lanes, "ACT_W": act, "WEIGHT_W": weight, "ACC_W": acc}
    for lanes in (1, 2, 5, 8)
    for act, weight, acc in ((9, 8, 32), (2, 2, 8), (16, 16, 64), (9, 8, 18))
]


@pytest.mark.parametrize(
    "parameters",
    TABLE + (WIDE if float(os.environ.get("SPARSESIM_EXAMPLES", "1")) > 1 else []),
)
def test_sparsesim_mac(simulate, parameters):
    simulate("sparsesim_mac", parameters)
