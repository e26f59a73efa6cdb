"""stream_entries.v: a block's non-zeros come in order, the last one marked, an entry a cycle."""

from __future__ import annotations

from collections.abc import Sequence

import cocotb
import numpy as np
import pytest
from bench import DENSITIES, Checker, Clock, Driver, Monitor, generator, is_high, parameters, signed

Block = Sequence[int]
"""Operands of a block, in the order of K."""


class Bench:
    """Drivers of windows and values, monitor of entries, and the checker between them."""

    def __init__(self, dut, idle: float = 0.0, stall: float = 0.0) -> None:
        told = parameters()
        self.dut = dut
        self.window, self.depth = told["WINDOW"], told["DEPTH"]
        self.value_bits, self.operand_bits = told["VALUE_W"], told["OPERAND_W"]
        self.clock = Clock(dut)
        self.checker = Checker("entries")
        self.monitor = Monitor(
            self.clock,
            dut.entry_valid_o,
            {"index": dut.entry_index_o, "value": dut.entry_value_o, "last": dut.entry_last_o},
            self._compare,
            ready=dut.entry_ready_i,
            stall=stall,
        )
        windows = {"mask": dut.mask_i, "last": dut.last_i}
        self.windows = Driver(
            self.clock, dut.window_valid_i, dut.window_ready_o, windows, idle, stream=3
        )
        values = {"value": dut.value_i}
        self.values = Driver(
            self.clock, dut.value_valid_i, dut.value_ready_o, values, idle, stream=4
        )
        self.zero_point = 0

    def _compare(self, beat) -> None:
        self.checker({**beat, "value": signed(beat["value"], self.operand_bits)})

    def set_zero_point(self, is_signed: bool, zero_point: int) -> None:
        """How stored values are read."""
        self.dut.signed_i.value = int(is_signed)
        self.dut.zero_point_i.value = zero_point & (1 << self.value_bits + 1) - 1
        self.zero_point = zero_point

    def blocks(self, count: int, density: float, longest: int) -> list[Block]:
        """Random blocks of up to so many elements; stored values fit their bits unsigned."""
        random, most = generator(5), (1 << self.value_bits) - 1
        blocks = []
        for _ in range(count):
            length = int(random.integers(1, longest, endpoint=True))
            stored = random.integers(0, most, length, endpoint=True)
            stored = np.where(stored == self.zero_point, (stored + 1) & most, stored)
            kept = random.random(length) < density
            blocks.append(np.where(kept, stored - self.zero_point, 0).tolist())
        return blocks

    async def decode(self, blocks: list[Block]) -> tuple[list[int], int]:
        """Send blocks; all entries come. Returns their cycles, and that of the first window."""
        self.checker.expect(entry for block in blocks for entry in entries_of(block))
        before = len(self.monitor.cycles)
        windows, values = [], []
        for block in blocks:
            masks = masks_of(block, self.window)
            windows += [{"mask": m, "last": n == len(masks) - 1} for n, m in enumerate(masks)]
            field = (1 << self.value_bits) - 1
            values += [{"value": v + self.zero_point & field} for v in block if v]
        sending = cocotb.start_soon(self.values.send(values))
        taken = await self.windows.send(windows)
        await sending
        await self.checker.done(self.clock, cycles=40 * self.depth)
        return self.monitor.cycles[before:], taken[0]


def masks_of(block: Block, window: int) -> list[int]:
    """Its windows."""
    starts = range(0, len(block), window)
    return [sum(bool(v) << k for k, v in enumerate(block[n : n + window])) for n in starts]


def entries_of(block: Block) -> list[dict[str, int]]:
    """What comes of a block."""
    found = [(k, value) for k, value in enumerate(block) if value] or [(0, 0)]
    return [
        {"index": k, "value": value, "last": int(n == len(found) - 1)}
        for n, (k, value) in enumerate(found)
    ]


def cycles_of(blocks: list[Block], window: int) -> list[int]:
    """Cycles in which entries stand at the output, the first window taken in cycle 0, by the
    module's contract.
    """
    cycles: list[int] = []
    front = 0  # the cycle in which the last window left the register in front
    work: list[int] = []  # cycles that the entries of the window in work take, its last may wait
    for block in blocks:
        masks = masks_of(block, window)
        is_open = False  # the window in work is of this block
        for number, mask in enumerate(masks):
            here = front + 1
            if is_open and (mask or number == len(masks) - 1):
                work[-1] = max(work[-1], here)
            is_free = work[-1] if work else 0
            if mask:
                cycles += work
                front = max(here, is_free)
                work = [front + 1 + n for n in range(mask.bit_count())]
                is_open = True
            elif number < len(masks) - 1:
                front = here
            elif is_open:
                front = is_free
            else:
                cycles += work
                front = max(here, is_free + 1)
                work = [front]
    return [cycle + 1 for cycle in cycles + work]


@cocotb.test()
async def entries_come_in_order_and_in_time(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for density in (*DENSITIES.values(), 0.03):
        blocks = bench.blocks(12, density, min(bench.depth, 12 * bench.window))
        cycles, first = await bench.decode(blocks)
        assert [cycle - first for cycle in cycles] == cycles_of(blocks, bench.window)


@cocotb.test()
async def whole_blocks_come_with_all_indices(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    full = [1 + k % 3 for k in range(bench.depth)]
    only_last = [0] * (bench.depth - 1) + [1]
    only_first = [1] + [0] * (bench.depth - 1)
    await bench.decode([full, only_last, only_first, [0] * bench.depth, full])


@cocotb.test()
async def every_zero_point_is_taken_off(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    most = (1 << bench.value_bits) - 1
    for zero_point in (0, 1, most // 2, most):
        bench.set_zero_point(False, zero_point)
        await bench.decode(bench.blocks(6, 0.5, min(bench.depth, 3 * bench.window)))
    bench.set_zero_point(True, 0)
    half = most // 2
    await bench.decode([[-half - 1, 0, half, -1, 1], [0, 0]])


@cocotb.test()
async def idle_and_back_pressure_lose_nothing(dut):
    bench = Bench(dut, idle=0.4)
    await bench.clock.reset()
    for bench.monitor.stall in (0.0, 0.4, 0.9):
        for density in DENSITIES.values():
            await bench.decode(bench.blocks(8, density, min(bench.depth, 6 * bench.window)))


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    clock = Clock(dut)  # nobody watches: a reset may break the stream's law
    await clock.reset()
    dut.mask_i.value = 1
    dut.window_valid_i.value = dut.value_valid_i.value = 1
    await clock.cycles(6)
    dut.window_valid_i.value = dut.value_valid_i.value = 0
    assert is_high(dut.entry_valid_o)
    await clock.reset()
    await clock.edge()
    assert not is_high(dut.entry_valid_o)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"WINDOW": 4, "DEPTH": 64},
        {"WINDOW": 2, "DEPTH": 16, "VALUE_W": 4, "OPERAND_W": 5},
        {"WINDOW": 8, "DEPTH": 16, "VALUE_W": 4, "OPERAND_W": 6},
        {"WINDOW": 64, "DEPTH": 16},
        {"WINDOW": 32, "DEPTH": 4096, "VALUE_W": 12, "OPERAND_W": 13},
    ],
)
def test_stream_entries(simulate, parameters):
    simulate("stream_entries", parameters)
