"""stream_pass_shape.v: each part is where the header says, and nothing else is looked at."""

from __future__ import annotations

import cocotb
from bench import generator
from cocotb.triggers import Timer

# Part, word, lowest bit, bits.
PARTS = [
    ("words", 0, 0, 13),
    ("last_words", 1, 0, 13),
    ("blocks", 2, 0, 16),
    ("rounds", 3, 0, 16),
    ("last_rows", 4, 0, 11),
    ("tiles", 5, 0, 16),
    ("last_lanes", 6, 0, 9),
    ("drains", 7, 0, 1),
    ("chunked", 7, 1, 1),
    ("continues", 7, 2, 1),
    ("from_last", 7, 3, 1),
]


@cocotb.test()
async def parts_are_where_the_header_says(dut):
    random = generator()
    for _ in range(50):
        words = random.integers(0, 1 << 32, 8, dtype="uint64").tolist()
        dut.pass_i.value = sum(word << 32 * n for n, word in enumerate(words))
        await Timer(1, "ns")
        for part, word, low, bits in PARTS:
            wanted = words[word] >> low & (1 << bits) - 1
            assert int(getattr(dut, f"{part}_o").value) == wanted, part


def test_stream_pass_shape(simulate):
    simulate("stream_pass_shape", {})
