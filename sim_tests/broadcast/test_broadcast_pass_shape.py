"""broadcast_pass_shape.v: each part is its word's, and nothing above its bits gets through."""

from __future__ import annotations

import cocotb
from bench import generator, pack
from broadcast_shape import PARTS
from cocotb.triggers import Timer


@cocotb.test()
async def each_part_is_the_low_bits_of_its_word(dut):
    random = generator()
    for _ in range(100):
        words = {name: int(random.integers(1 << 32)) for name in PARTS}
        dut.pass_i.value = pack(list(words.values()), 32)
        await Timer(1, "ns")
        for name, bits in PARTS.items():
            port = getattr(dut, f"{name}_o")
            assert len(port) == bits
            assert int(port.value) == words[name] & (1 << bits) - 1, name


def test_broadcast_pass_shape(simulate):
    simulate("broadcast_pass_shape", {})
