"""Memories in block RAM and in LUTs, worked by hand from widths and depths."""

from __future__ import annotations

import pytest

from sparsesim.area.buffers import memory_bram36
from sparsesim.area.storage import deepest_words, memory_luts


@pytest.mark.parametrize(
    ("width", "words", "blocks"),
    [
        (36, 512, 0.5),  # half a block as it is
        (72, 512, 1),
        (73, 512, 1.5),  # one bit too wide
        (72, 513, 2),  # one word too deep
        (18, 1024, 0.5),
        (9, 2048, 0.5),
        (8, 2049, 1),  # 16392 bits, but no shape of a half holds them
        (8, 65536, 15),  # nine side by side: 72 x 7282, and 36 x 512: 2 x 15 halves; 9 x 2048: 32
        (1, 16384, 0.5),
        (1, 16385, 0.5),  # nine side by side: 9 x 1821
        (1, 18433, 1),
        (144, 911, 4),  # 36 x 512: 4 x 2 halves; 18 x 1024: 8 x 1
        (8, 16384, 4),  # 9 x 2048: 8 halves; 1 x 16384: 8 halves; 72 x 1821: 2 x 4
    ],
)
def test_a_memory(width, words, blocks):
    assert memory_bram36(width, words) == blocks


@pytest.mark.parametrize(
    ("family", "width", "words", "luts"),
    [
        ("xc7", 6, 32, 4),
        ("xc7", 7, 2, 8),
        ("xc7", 6, 33, 8),  # three bits a slice
        ("xc7", 3, 65, 8),  # two banks
        ("xc7", 100, 1, 0),  # a register
        ("xcup", 14, 32, 8),
        ("xcup", 14, 64, 16),
        ("ecp5", 4, 16, 6),
        ("ecp5", 5, 17, 24),
    ],
)
def test_memories_in_luts(family, width, words, luts):
    assert memory_luts(family, width, words) == luts


@pytest.mark.parametrize(("family", "words"), [("xc7", 64), ("xcup", 64), ("ecp5", 16)])
def test_a_deeper_memory_is_several(family, words):
    assert deepest_words(family) == words
    assert memory_luts(family, 3, words + 1) == 2 * memory_luts(family, 3, words)
