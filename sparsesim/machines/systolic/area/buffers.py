"""Block RAM of the on-chip buffers, by the lines that the array reads and writes.

Each row reads an element of the activations a cycle, or the elements of a block where its PEs
select among them; each column reads a weight a cycle, and each unit writes a value. Each of these
lines is a memory of its own. What columns hold of sums is no buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import element_bits, lines_bram36, value_bits
from sparsesim.machines.systolic.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator."""
    array = array_of(accelerator)
    return (
        row_bram36(accelerator, array.rows)
        + column_bram36(accelerator, array.cols)
        + unit_bram36(accelerator, array.units)
    )


def row_bram36(accelerator: Accelerator, rows: int) -> float:
    """Blocks of the activation buffer, were the accelerator's rows so many."""
    _, elements = array_of(accelerator).kept_of_block
    word = elements * element_bits(accelerator, accelerator.activation_format)
    return lines_bram36(accelerator.activation_buffer_kib, rows, word)


def column_bram36(accelerator: Accelerator, cols: int) -> float:
    """Blocks of the weight buffer, were its columns so many."""
    word = element_bits(accelerator, accelerator.weight_format)
    return lines_bram36(accelerator.weight_buffer_kib, cols, word)


def unit_bram36(accelerator: Accelerator, units: int) -> float:
    """Blocks of the output buffer, were its units so many."""
    return lines_bram36(accelerator.output_buffer_kib, units, value_bits(accelerator))
