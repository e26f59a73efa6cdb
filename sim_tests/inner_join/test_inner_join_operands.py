"""inner_join_operands.v: slot and index choose from what was pushed before this cycle."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Clock, generator, pack, parameters, random_values, signed, unpack
from cocotb.triggers import Timer

CYCLES = 250


class Bench:
    """Drives pushes and reads; holds what lies in the slots."""

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.random = dut, generator()
        self.window, self.lanes, self.depth = told["WINDOW"], told["LANES"], told["QUEUE_DEPTH"]
        self.bits = {"weight": told["WEIGHT_W"], "act": told["ACT_W"]}
        self.index_bits = max(1, (self.window - 1).bit_length())
        self.slots: dict[str, dict[int, np.ndarray]] = {"weight": {}, "act": {}}
        self.finals: dict[int, bool] = {}
        self.clock = Clock(dut)

    async def push(self, slots: dict[str, int], density: float) -> None:
        """One cycle, in which lines push a window into a slot; what the others show is noise."""
        pushed = {}
        is_final = bool(self.random.random() < 0.5)
        for line, bits in self.bits.items():
            values = random_values(self.random, (self.window,), density, bits)
            slot = slots.get(line, int(self.random.integers(self.depth)))
            getattr(self.dut, f"{line}_push_i").value = line in slots
            getattr(self.dut, f"{line}_slot_i").value = slot
            getattr(self.dut, f"{line}_values_i").value = pack(values, bits)
            if line in slots:
                pushed[line] = values
        self.dut.weight_final_i.value = is_final
        await self.clock.edge()
        for line, values in pushed.items():
            self.slots[line][slots[line]] = values
        if "weight" in slots:
            self.finals[slots["weight"]] = is_final

    def ask(self) -> dict[str, int | list[int]]:
        """Ask for a slot and an index for each lane; returns what must come in this cycle."""
        slot = int(self.random.integers(self.depth))
        index = self.random.integers(0, self.window, self.lanes).tolist()
        self.dut.slot_i.value = slot
        self.dut.index_i.value = pack(index, self.index_bits)
        operands = {line: [int(self.slots[line][slot][k]) for k in index] for line in self.bits}
        return {"final": int(self.finals[slot]), **operands}

    def seen(self) -> dict[str, int | list[int]]:
        """What came."""
        operands = {}
        for line, bits in self.bits.items():
            flat = int(getattr(self.dut, f"{line}_o").value)
            operands[line] = [signed(value, bits) for value in unpack(flat, bits, self.lanes)]
        return {"final": int(self.dut.final_o.value), **operands}

    async def fill(self) -> None:
        """Push a window into every slot."""
        for slot in range(self.depth):
            await self.push({"weight": slot, "act": slot}, 1.0)


@cocotb.test()
async def operands_are_those_pushed_before_this_cycle(dut):
    bench = Bench(dut)
    random = bench.random
    await bench.fill()
    for density in DENSITIES.values():
        for _ in range(CYCLES):
            expected = bench.ask()
            pushes = {
                line: int(random.integers(bench.depth))
                for line in bench.bits
                if random.random() < 0.6
            }
            await bench.push(pushes, density)
            assert bench.seen() == expected


@cocotb.test()
async def operands_follow_slot_and_index_within_the_cycle(dut):
    bench = Bench(dut)
    await bench.fill()
    for _ in range(60):
        expected = bench.ask()
        await Timer(1, "ns")
        assert bench.seen() == expected
        await bench.push({}, 1.0)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 5, "LANES": 3, "QUEUE_DEPTH": 1, "ACT_W": 16, "WEIGHT_W": 2},
        {"WINDOW": 1, "QUEUE_DEPTH": 5, "ACT_W": 2, "WEIGHT_W": 16},
    ],
)
def test_inner_join_operands(simulate, parameters):
    simulate("inner_join_operands", parameters)
