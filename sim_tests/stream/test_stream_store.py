"""stream_store.v: what was written is read, two cycles later."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters


@cocotb.test()
async def words_are_read_as_they_were_written(dut):
    told, clock, random = parameters(), Clock(dut), generator()
    bits, words = told["LANES"] * told["HELD_W"], 2 * told["DEPTH"]
    memory: dict[int, int] = {}
    due: list[int | None] = [None, None]
    for n in range(3 * words):
        write = n < words or random.random() < 0.5
        address = n if n < words else int(random.integers(words))
        word = int.from_bytes(random.bytes(bits // 8 + 1), "little") % (1 << bits)
        read = int(random.integers(words))
        if n % 3 == 0 and memory:
            read = max(0, min(n, words) - 1)  # what the cycle before wrote
        if write and read == address:
            read = (address + 1) % words
        dut.write_i.value = int(write)
        dut.write_address_i.value, dut.word_i.value = address, word
        dut.read_address_i.value = read
        await clock.edge()
        if due[0] is not None:
            assert int(dut.word_o.value) == due[0], n
        due = [due[1], memory.get(read)]
        if write:
            memory[address] = word
    assert len(memory) == words


@pytest.mark.parametrize("parameters", [{}, {"LANES": 1, "DEPTH": 16, "HELD_W": 2}])
def test_stream_store(simulate, parameters):
    simulate("stream_store", parameters)
