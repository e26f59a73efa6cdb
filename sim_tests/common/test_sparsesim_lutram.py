"""sparsesim_lutram.v: what is written is read from the next cycle on, and nothing else changes."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters
from cocotb.triggers import ReadOnly

CYCLES = 300


def word(random, width: int) -> int:
    """A random word of that many bits."""
    return int.from_bytes(random.bytes(width // 8 + 1), "little") % (1 << width)


@cocotb.test()
async def reads_give_what_was_last_written_before_this_cycle(dut):
    told, random, clock = parameters(), generator(), Clock(dut)
    depth, width = told["DEPTH"], told["WIDTH"]
    memory: dict[int, int] = {}
    await clock.reset()
    for cycle in range(CYCLES):
        address, data = int(random.integers(depth)), word(random, width)
        writes = bool(random.random() < 0.5)
        reads_at = address if random.random() < 0.3 else int(random.integers(depth))
        dut.we_i.value, dut.waddr_i.value, dut.wdata_i.value = writes, address, data
        dut.raddr_i.value = reads_at
        await clock.edge()
        if reads_at in memory:
            assert int(dut.rdata_o.value) == memory[reads_at], f"cycle {cycle}, word {reads_at}"
        if writes:
            memory[address] = data


@cocotb.test()
async def the_read_port_follows_its_address_within_the_cycle(dut):
    told, random, clock = parameters(), generator(), Clock(dut)
    depth, width = told["DEPTH"], told["WIDTH"]
    used = sorted({0, depth - 1, *(int(n) for n in random.integers(0, depth, 6))})
    memory = {address: word(random, width) for address in used}
    await clock.reset()
    for address, data in memory.items():
        dut.we_i.value, dut.waddr_i.value, dut.wdata_i.value = 1, address, data
        await clock.edge()
    dut.we_i.value = 0
    for address, data in memory.items():
        dut.raddr_i.value = address
        await ReadOnly()
        assert int(dut.rdata_o.value) == data, f"word {address}"
        await clock.edge()


@pytest.mark.parametrize(
    "parameters",
    [
        {"WIDTH": 6, "DEPTH": 4},
        {"WIDTH": 1, "DEPTH": 1},
        {"WIDTH": 80, "DEPTH": 5},
        {"WIDTH": 3, "DEPTH": 100},
    ],
)
def test_sparsesim_lutram(simulate, parameters):
    simulate("sparsesim_lutram", parameters)
