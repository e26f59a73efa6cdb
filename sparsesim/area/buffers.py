"""Block RAM of the on-chip buffers, from width and depth: ports cost blocks, not only bits.

Each row reads a weight window a cycle and each column an activation window a cycle, so each line
has a memory of its own, as wide as a window; each column writes an output value a cycle. A buffer's
two halves lie in one memory: the machine reads one over one port while the other is filled over the
second, so halves take no block of their own. Several words may lie side by side and be read at
once, for the next cycles, where that fits the blocks better: 8-bit values would leave the parity
bits unused. The register that holds them is not counted.

Source: docs/model.md, "Buffers"; UG473, UG573: 36 Kb as 512 x 72 to 32768 x 1, simple dual port;
FPGA-DS-02012: 18 Kb as 512 x 36 to 16384 x 1, pseudo dual port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_KIB_BITS = 8192
_VALUE_BITS = 8  # of a value that no tensor is known of

# Half a 36 Kb block in the widths that it can have: bits of a word -> words. A 36 Kb block is two
# of them side by side (72 bits wide) or one behind the other.
_MOST_BESIDE = 9  # so many 8-bit words are 72 bits, the widest port of a block
_HALF_BLOCK = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}


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


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator.

    An encoded element is a value and its mask bit; a dense one the value alone. Values are
    `value_bits` wide, 8 where the tensors decide.

    Args:
        accelerator: gives lines, window, formats and sizes.
    """
    return row_bram36(accelerator, accelerator.rows) + column_bram36(accelerator, accelerator.cols)


def row_bram36(accelerator: Accelerator, rows: int) -> float:
    """Blocks of the weight buffer, were the accelerator's rows so many."""
    value = accelerator.value_bits or _VALUE_BITS
    word = accelerator.window * (value + (accelerator.weight_format != "dense"))
    return _lines(accelerator.weight_buffer_kib, rows, word)


def column_bram36(accelerator: Accelerator, cols: int) -> float:
    """Blocks of the activation and output buffers, were its columns so many."""
    value = accelerator.value_bits or _VALUE_BITS
    word = accelerator.window * (value + (accelerator.activation_format != "dense"))
    activation = _lines(accelerator.activation_buffer_kib, cols, word)
    return activation + _lines(accelerator.output_buffer_kib, cols, value)


def _lines(size_kib: float, lines: int, width_bits: int) -> float:
    """A buffer cut into lines of equal size, each a memory of its own."""
    line_bits = -(-int(size_kib * _KIB_BITS) // lines)
    return lines * memory_bram36(width_bits, -(-line_bits // width_bits))
