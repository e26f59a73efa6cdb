"""Block RAM of the on-chip buffers, by what the machine reads and writes of them in a cycle.

Each row reads entries of its own: packed values, one a cycle, and masks of 16 elements, each a
memory; where no zeros are skipped, and the format is dense, values alone. The loader reads a word a
cycle, the values of all lanes side by side, from one memory. Each unit writes a value a cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import element_bits, lines_bram36, value_bits
from sparsesim.machines.stream.area.entries import MASK_BITS
from sparsesim.machines.stream.parameters import array_of, streamed_operand

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator."""
    array = array_of(accelerator)
    return (
        entries_bram36(accelerator, array.rows)
        + words_bram36(accelerator, array.lanes)
        + lines_bram36(accelerator.output_buffer_kib, array.units, value_bits(accelerator))
    )


def entries_bram36(accelerator: Accelerator, rows: int) -> float:
    """Blocks of the streamed operand's buffer, were the accelerator's rows so many.

    Of an encoded one a share lies in memories of masks, as bits of them are of an element's.
    """
    size = _size_kib(accelerator, 0)
    bits = value_bits(accelerator)
    if not has_masks(accelerator):
        return lines_bram36(size, rows, bits)
    masks = size / (bits + 1)
    return lines_bram36(size - masks, rows, bits) + lines_bram36(masks, rows, MASK_BITS)


def words_bram36(accelerator: Accelerator, lanes: int) -> float:
    """Blocks of the held operand's buffer, were its lanes so many."""
    word = lanes * element_bits(accelerator, formats(accelerator)[1])
    return lines_bram36(_size_kib(accelerator, 1), 1, word)


def has_masks(accelerator: Accelerator) -> bool:
    """Whether masks of the streamed operand lie beside its values: to skip by, or as it came."""
    skips = not accelerator.rules.scheme(accelerator.skipping).is_dense
    return skips or formats(accelerator)[0] != "dense"


def formats(accelerator: Accelerator) -> tuple[str, str]:
    """Formats of the streamed operand and of the held one."""
    both = accelerator.activation_format, accelerator.weight_format
    return both if streamed_operand(accelerator) == "activation" else both[::-1]


def _size_kib(accelerator: Accelerator, number: int) -> float:
    """Of the streamed operand's buffer, 0, or the held one's, 1."""
    both = accelerator.activation_buffer_kib, accelerator.weight_buffer_kib
    return both[number if streamed_operand(accelerator) == "activation" else 1 - number]
