"""broadcast_finder.v: its looks are the model's, in order, one a cycle, with their flags."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import Clock, Driver, generator, is_high, mask, pack, parameters, random_values

from sparsesim.machines.broadcast.timeline import looks


class Bench:
    """Feeds rows, holds the finder back at random, and collects what it finds."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.clock, self.random = dut, Clock(dut), generator()
        self.pes, self.bits = told["PES"], told["ACT_W"]
        self.found: list[dict[str, int]] = []
        self.cycles: list[int] = []
        self.half = 0

    async def watch(self) -> None:
        names = ("sends", "value", "column", "first", "last", "half", "last_tile", "final")
        while True:
            await self.clock.edge()
            if is_high(self.dut.look_o):
                self.found.append(
                    {name: int(getattr(self.dut, f"{name}_o").value) for name in names}
                )
                self.cycles.append(self.clock.cycle)

    async def hold(self, share: float) -> None:
        """go_i is low in a share of the cycles."""
        while True:
            self.dut.go_i.value = int(self.random.random() >= share)
            await self.clock.edge()

    async def run(self, acts: np.ndarray, tiles: int, drains: bool, idle: float) -> list[dict]:
        """A pass; gives what should be found."""
        dut, pes, rows = self.dut, self.pes, -(-acts.shape[1] // self.pes)
        dut.rows_i.value, dut.tiles_i.value = rows, tiles
        dut.positions_i.value, dut.drains_i.value = len(acts), int(drains)
        filled = np.zeros((len(acts), rows * pes), int)
        filled[:, : acts.shape[1]] = acts
        dut.start_i.value = 1
        await self.clock.edge()
        dut.start_i.value = 0
        expected = []
        for p, position in enumerate(acts):
            of_turn = looks(position, pes)
            for tile in range(tiles):
                for number, (_, k) in enumerate(of_turn):
                    is_last = number == len(of_turn) - 1
                    is_final = is_last and tile == tiles - 1 and p == len(acts) - 1
                    flags = {
                        "sends": int(k >= 0),
                        "first": int(number == 0),
                        "last": int(is_last),
                        "half": self.half,
                        "last_tile": int(tile == tiles - 1),
                        "final": int(is_final),
                    }
                    if k >= 0:
                        flags["value"] = int(position[k]) & (1 << self.bits) - 1
                        flags["column"] = tile * rows * pes + k
                    expected.append(flags)
                self.half ^= int(drains)
        beats = [
            {
                "mask": mask(filled[p, row * pes : (row + 1) * pes]),
                "values": pack(filled[p, row * pes : (row + 1) * pes], self.bits),
            }
            for p in range(len(acts))
            for _ in range(tiles)
            for row in range(rows)
        ]
        payload = {"mask": dut.act_mask_i, "values": dut.act_values_i}
        await Driver(self.clock, dut.act_valid_i, dut.act_ready_o, payload, idle).send(beats)
        await self.clock.cycles(4 * pes + 20)
        return expected


async def passes(bench: Bench, count: int, idle: float) -> None:
    """Random passes one after another, everything compared."""
    for number in range(count):
        density = (0.0, 0.1, 0.5, 1.0)[number % 4]
        positions, reduction = (
            int(bench.random.integers(1, most)) for most in (4, 3 * bench.pes + 2)
        )
        acts = random_values(bench.random, (positions, reduction), density, bench.bits)
        tiles, drains = int(bench.random.integers(1, 4)), number % 3 != 2
        bench.found.clear()
        expected = await bench.run(acts, tiles, drains, idle)
        assert len(bench.found) == len(expected)
        for found, wanted in zip(bench.found, expected, strict=True):
            assert found | wanted == found, f"pass {number}: {found} is not {wanted}"


@cocotb.test()
async def looks_are_the_models(dut):
    bench = Bench(dut)
    cocotb.start_soon(bench.watch())
    dut.go_i.value = 1
    await bench.clock.reset()
    dut.go_i.value = 1
    await passes(bench, 8, idle=0.0)


@cocotb.test()
async def idle_rows_and_a_held_finder_lose_nothing(dut):
    bench = Bench(dut)
    cocotb.start_soon(bench.watch())
    await bench.clock.reset()
    cocotb.start_soon(bench.hold(0.4))
    await passes(bench, 8, idle=0.4)


@cocotb.test()
async def there_is_a_look_in_each_cycle_from_two_behind_a_row(dut):
    """Of the header's example, for this module's PEs: a row of all, then one of the last alone."""
    bench = Bench(dut)
    cocotb.start_soon(bench.watch())
    await bench.clock.reset()
    dut.go_i.value = 1
    acts = np.ones((1, 2 * bench.pes), int)
    acts[0, bench.pes : -1] = 0
    await bench.run(acts, 1, True, 0.0)
    assert len(bench.cycles) == bench.pes + 1
    assert bench.cycles == list(range(bench.cycles[0], bench.cycles[0] + bench.pes + 1))


@cocotb.test()
async def a_reset_in_a_pass_forgets_it(dut):
    bench = Bench(dut)
    cocotb.start_soon(bench.watch())
    await bench.clock.reset()
    dut.go_i.value = 0
    dut.rows_i.value = dut.tiles_i.value = dut.positions_i.value = 1
    dut.start_i.value, dut.drains_i.value = 1, 1
    await bench.clock.edge()
    dut.start_i.value, dut.act_valid_i.value, dut.act_mask_i.value = 0, 1, 1
    await bench.clock.cycles(2)
    dut.act_valid_i.value = 0
    await bench.clock.reset()
    dut.go_i.value = 1
    await bench.clock.cycles(6)
    assert bench.found == []
    await passes(bench, 4, idle=0.0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"PES": 4, "ACT_W": 9, "COLUMN_W": 16},
        {"PES": 1, "ACT_W": 2, "COLUMN_W": 5},
        {"PES": 7, "ACT_W": 16, "COLUMN_W": 24},
        {"PES": 33, "ACT_W": 5, "COLUMN_W": 12},
    ],
)
def test_broadcast_finder(simulate, parameters):
    simulate("broadcast_finder", parameters)
