"""Block RAM of on-chip memories, from width and depth: ports cost blocks, not only bits.

A line of a buffer that is read by itself has a memory of its own. A buffer's two halves lie in one
memory: the machine reads one over one port while the other is filled over the second, so halves
take no block of their own. Several words may lie side by side and be read at once, for the next
cycles, where that fits the blocks better: 8-bit values would leave the parity bits unused. The
register that holds them is not counted.

Source: docs/model.md, "Area, and a dense array in the same area"; UG473, UG573: 36 Kb as 512 x 72
to 32768 x 1, simple dual port; FPGA-DS-02012: 18 Kb as 512 x 36 to 16384 x 1, pseudo dual port.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_KIB_BITS = 8192
_VALUE_BITS = 8  # of a value that no tensor is known of

# Half a 36 Kb block in the widths that it can have: bits of a word -> words. A 36 Kb block is two
# of them side by side (72 bits wide) or one behind the other.
_MOST_BESIDE = 9  # so many 8-bit words are 72 bits, the widest port of a block
_HALF_BLOCK = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}


@lru_cache(maxsize=4096)
def memory_bram36(width_bits: int, words: int) -> float:
    """Blocks of 36 Kb of a memory with one read and one write port.

    Args:
        width_bits: of a word, 1 or more.
        words: 1 or more.
    Returns:
        blocks, in halves: the least over all widths that a half block can have, and over up to
        nine words side by side.
    """
    halves = min(
        -(-width_bits * beside // width) * -(-words // (beside * depth))
        for beside in range(1, _MOST_BESIDE + 1)
        for width, depth in _HALF_BLOCK.items()
    )
    return halves / 2


def lines_bram36(size_kib: float, lines: int, width_bits: int) -> float:
    """Blocks of a buffer that is cut into lines of equal size, each a memory of its own.

    Args:
        size_kib: of the whole buffer, both halves together.
        lines: 1 or more.
        width_bits: that one reads or writes a cycle.
    """
    line_bits = -(-int(size_kib * _KIB_BITS) // lines)
    return lines * memory_bram36(width_bits, -(-line_bits // width_bits))


def value_bits(accelerator: Accelerator) -> int:
    """Width of a value on chip: `value_bits`, 8 where the tensors decide."""
    return accelerator.value_bits or _VALUE_BITS


def element_bits(accelerator: Accelerator, encoding: str) -> int:
    """Width of an element in a format: an encoded one is a value and its mask bit."""
    return value_bits(accelerator) + (encoding != "dense")
