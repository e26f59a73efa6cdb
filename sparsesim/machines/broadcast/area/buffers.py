"""Block RAM of the on-chip buffers, by the lines that the array reads and writes.

The finder reads a row of activations at once. Each PE has a line of the weight buffer, an entry a
word, and beside it a memory of pointers: one for every eight entries, which is EIE's share. Each
unit writes an output value a cycle.

Source: Han et al., EIE, ISCA 2016: 128 KB of 8-bit entries and 32 KB of 16-bit pointers a PE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import element_bits, lines_bram36, memory_bram36, value_bits
from sparsesim.area.selection import index_bits
from sparsesim.machines.broadcast.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

ENTRIES_A_POINTER = 8
_KIB_BITS = 8192


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator."""
    array = array_of(accelerator)
    row = array.pes * element_bits(accelerator, accelerator.activation_format)
    activation = lines_bram36(accelerator.activation_buffer_kib, 1, row)
    output = lines_bram36(accelerator.output_buffer_kib, array.units, value_bits(accelerator))
    return activation + output + array.pes * store_bram36(accelerator)


def store_bram36(accelerator: Accelerator) -> float:
    """Blocks of one PE's entries and pointers."""
    array = array_of(accelerator)
    entries = line_entries(accelerator)
    pointer = array.pe_sums.bit_length() + index_bits(entries)
    columns = -(-entries // ENTRIES_A_POINTER)
    return memory_bram36(entry_bits(accelerator), entries) + memory_bram36(pointer, columns)


def line_entries(accelerator: Accelerator) -> int:
    """Entries of a PE's line of the weight buffer, both halves."""
    bits = accelerator.weight_buffer_kib * _KIB_BITS / array_of(accelerator).pes
    return max(2, -(-int(bits) // entry_bits(accelerator)))


def entry_bits(accelerator: Accelerator) -> int:
    """Width of a stored entry: its run and its weight."""
    return array_of(accelerator).entry_run_bits + accelerator.weight_bits
