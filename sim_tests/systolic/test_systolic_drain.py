"""systolic_drain.v: positions in order, all units in step, each tile as soon as it may."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, is_high, pack, parameters

import sparsesim as ss
from sparsesim.machines.systolic.packing import shape_words


class Bench:
    """Tells when tiles are ripe, and compares what drains."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.cols, self.units, self.positions = told["COLS"], told["UNITS"], told["POSITIONS"]
        depth = {"cols": told["COLS"], "units": told["UNITS"], "depth": told["POSITIONS"]}
        self.array = ss.Accelerator(machine="systolic", **depth).array

    def tiles(self, filters: int, positions: int) -> list[list[tuple[int, int, int, int]]]:
        """Of each tile its drains: position, share, units' valid bits, unit 0's filter."""
        tiles = []
        for strip in range(0, positions, self.positions):
            here = min(self.positions, positions - strip)
            for first in range(0, filters, self.cols):
                of_tile = min(self.cols, filters - first)
                shares = range(-(-of_tile // self.units))
                of_share = [min(self.units, of_tile - share * self.units) for share in shares]
                tiles.append(
                    [
                        (p, share, (1 << of_share[share]) - 1, first + share * self.units)
                        for p in range(here)
                        for share in shares
                    ]
                )
        return tiles

    async def passes(self, filters: int, positions: int, pause: int) -> None:
        """Tiles get ripe as the sequencer lets them: one may wait while another drains."""
        dut = self.dut
        words = shape_words(filters, positions, 1, True, self.array)
        dut.pass_i.value = pack(words, 32)
        dut.start_i.value = 1
        await self.clock.edge()
        dut.start_i.value = 0
        self.clock.zero()
        due: dict[int, tuple[int, int, int, int]] = {}
        free, ripe = 0, set()
        at = int(self.random.integers(0, 3))
        for tile in self.tiles(filters, positions):
            begins = max(at + 1, free)
            due.update({begins + n: drain for n, drain in enumerate(tile)})
            ripe.add(at)
            free = begins + len(tile)
            # Ripe no sooner than the one before has begun, and once a cycle.
            at = max(at + 1, begins - 1) + int(self.random.integers(0, pause, endpoint=True))
        for cycle in range(free + 3):
            dut.ripe_i.value = int(cycle in ripe)
            await self.clock.edge()
            assert is_high(dut.drains_o) == (cycle in due), f"cycle {cycle}"
            valid = int(dut.valid_o.value)
            if cycle not in due:
                assert valid == 0
                continue
            came = int(dut.position_o.value), int(dut.share_o.value), valid, int(dut.filter_o.value)
            assert came == due[cycle], f"cycle {cycle}"


@cocotb.test()
async def results_leave_in_order(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for pause in (0, 1, 9):
        for _ in range(12):
            filters = int(bench.random.integers(1, 3 * bench.cols, endpoint=True))
            positions = int(bench.random.integers(1, 3 * bench.positions, endpoint=True))
            await bench.passes(filters, positions, pause)


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    if (bench.cols, bench.units) != (3, 2):
        return
    drains = bench.tiles(3, 2)[0]
    assert [drain[:3] for drain in drains] == [(0, 0, 3), (0, 1, 1), (1, 0, 3), (1, 1, 1)]
    await bench.clock.reset()
    await bench.passes(3, 2, 0)


@cocotb.test()
async def reset_forgets_a_tile(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    words = shape_words(bench.cols, bench.positions, 1, True, bench.array)
    for ripe in (1, 2):
        dut.pass_i.value = pack(words, 32)
        dut.start_i.value = 1
        await bench.clock.edge()
        dut.start_i.value = 0
        dut.ripe_i.value = 1
        await bench.clock.cycles(ripe)
        dut.ripe_i.value = 0
        await bench.clock.reset()
        for _ in range(5):
            await bench.clock.edge()
            assert not is_high(dut.drains_o)
    await bench.passes(2 * bench.cols, bench.positions, 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"COLS": 3, "UNITS": 2, "POSITIONS": 4},
        {"COLS": 5, "UNITS": 5, "POSITIONS": 3},
        {"COLS": 6, "UNITS": 1, "POSITIONS": 1},
        {"COLS": 1, "UNITS": 1, "POSITIONS": 5},
        {"COLS": 8, "UNITS": 3, "POSITIONS": 9},
    ],
)
def test_systolic_drain(simulate, parameters):
    simulate("systolic_drain", parameters)
