"""broadcast_store.v: a word that was written comes two cycles behind its address."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters


@cocotb.test()
async def words_come_two_cycles_behind_their_address(dut):
    told, random, clock = parameters(), generator(), Clock(dut)
    depth, width = min(told["DEPTH"], 40), told["WIDTH"]
    memory: dict[int, int] = {}
    asked: list[int | None] = [None, None]
    for cycle in range(600):
        writes, at = random.random() < 0.5, int(random.integers(depth))
        word, reads = (
            int.from_bytes(random.bytes(9), "little") % (1 << width),
            int(random.integers(depth)),
        )
        clashes = writes and at == reads
        dut.we_i.value, dut.waddr_i.value, dut.wdata_i.value = writes, at, word
        dut.raddr_i.value = reads
        await clock.edge()
        wanted = asked.pop(0)
        if wanted is not None:
            assert int(dut.data_o.value) == wanted, f"cycle {cycle}"
        asked.append(None if clashes else memory.get(reads))
        if writes:
            memory[at] = word


@pytest.mark.parametrize(
    "parameters",
    [{"WIDTH": 12, "DEPTH": 2048}, {"WIDTH": 1, "DEPTH": 2}, {"WIDTH": 64, "DEPTH": 40}],
)
def test_broadcast_store(simulate, parameters):
    simulate("broadcast_store", parameters)
