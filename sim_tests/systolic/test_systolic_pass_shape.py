"""systolic_pass_shape.v: each part is its word's, and nothing above its bits gets through; the
package lays the words out so."""

from __future__ import annotations

import cocotb
from bench import generator, pack
from cocotb.triggers import Timer

import sparsesim as ss
from sparsesim.machines.systolic.packing import shape_words

PARTS = {
    "folds": 16,
    "filter_tiles": 16,
    "position_tiles": 16,
    "elements": 16,
    "last_positions": 13,
    "last_shares": 11,
    "last_units": 11,
    "narrow_drain": 24,
    "short_drain": 24,
    "last_drain": 24,
    "drains": 1,
    "last_filters": 11,
    "last_rows": 11,
}


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


@cocotb.test()
async def the_headers_example_is_the_packages(dut):
    array = ss.Accelerator(machine="systolic", rows=4, cols=3, depth=8, units=2).array
    words = shape_words(5, 9, 6, True, array)
    assert words == [2, 2, 2, 6, 1, 1, 2, 8, 2, 1, 1, 2, 2]
    dut.pass_i.value = pack(words, 32)
    await Timer(1, "ns")
    assert int(dut.narrow_drain_o.value) == 8


def test_systolic_pass_shape(simulate):
    simulate("systolic_pass_shape", {})
