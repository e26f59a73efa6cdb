"""Block RAM of the on-chip buffers, by the lines that the array reads and writes.

Each row reads a weight window a cycle and each column an activation window a cycle, so each line
has a memory of its own, as wide as a window; each column writes an output value a cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import element_bits, lines_bram36, value_bits
from sparsesim.machines.inner_join.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator."""
    array = array_of(accelerator)
    return row_bram36(accelerator, array.rows) + column_bram36(accelerator, array.cols)


def row_bram36(accelerator: Accelerator, rows: int) -> float:
    """Blocks of the weight buffer, were the accelerator's rows so many."""
    word = array_of(accelerator).window * element_bits(accelerator, accelerator.weight_format)
    return lines_bram36(accelerator.weight_buffer_kib, rows, word)


def column_bram36(accelerator: Accelerator, cols: int) -> float:
    """Blocks of the activation and output buffers, were its columns so many."""
    word = array_of(accelerator).window * element_bits(accelerator, accelerator.activation_format)
    activation = lines_bram36(accelerator.activation_buffer_kib, cols, word)
    return activation + lines_bram36(accelerator.output_buffer_kib, cols, value_bits(accelerator))
