"""Block RAM of the on-chip buffers, from width and depth: ports cost blocks, not only bits.

Each row reads a weight window a cycle and each column an activation window a cycle, so each line
has a memory of its own, as wide as a window; each column writes an output value a cycle. A buffer's
two halves lie in one memory: the machine reads one over one port while the other is filled over the
second, so halves take no block of their own.

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
_HALF_BLOCK = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}


def memory_bram36(width_bits: int, words: int) -> float:
    """Blocks of 36 Kb of a memory with one read and one write port.

    Args:
        width_bits: of a word, 1 or more.
        words: 1 or more.
    Returns:
        blocks, in halves: the least over all widths that a half block can have.
    """
    return (
        min(-(-width_bits // width) * -(-words // depth) for width, depth in _HALF_BLOCK.items())
        / 2
    )


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator.

    An encoded element is a value and its mask bit; a dense one the value alone. Values are
    `value_bits` wide, 8 where the tensors decide.

    Args:
        accelerator: gives lines, window, formats and sizes.
    """
    value = accelerator.value_bits or _VALUE_BITS
    window = accelerator.window
    weight = window * (value + (accelerator.weight_format != "dense"))
    activation = window * (value + (accelerator.activation_format != "dense"))
    return (
        _lines(accelerator.weight_buffer_kib, accelerator.rows, weight)
        + _lines(accelerator.activation_buffer_kib, accelerator.cols, activation)
        + _lines(accelerator.output_buffer_kib, accelerator.cols, value)
    )


def _lines(size_kib: float, lines: int, width_bits: int) -> float:
    """A buffer cut into lines of equal size, each a memory of its own."""
    line_bits = -(-int(size_kib * _KIB_BITS) // lines)
    return lines * memory_bram36(width_bits, -(-line_bits // width_bits))
