"""Block RAM of the on-chip buffers, by the lines that the array reads and writes.

Each row reads its vectors from a line of its own, a value a cycle at most; the loader reads a word,
an element of each lane, a cycle; each unit writes a value. What rows store and stash is no buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import element_bits, lines_bram36, value_bits
from sparsesim.machines.stream.counting import streams
from sparsesim.machines.stream.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def buffer_bram36(accelerator: Accelerator) -> float:
    """Blocks of 36 Kb of all on-chip buffers of an accelerator."""
    array, scheme = array_of(accelerator), accelerator.rules.scheme(accelerator.skipping)
    of_activations = (
        accelerator.activation_buffer_kib,
        element_bits(accelerator, accelerator.activation_format),
    )
    of_weights = (
        accelerator.weight_buffer_kib,
        element_bits(accelerator, accelerator.weight_format),
    )
    streamed, held = of_weights, of_activations
    if streams(scheme, array) == "activation":
        streamed, held = held, streamed
    (streamed_kib, streamed_bits), (held_kib, held_bits) = streamed, held
    return (
        lines_bram36(streamed_kib, array.rows, streamed_bits)
        + lines_bram36(held_kib, 1, array.lanes * held_bits)
        + lines_bram36(accelerator.output_buffer_kib, array.units, value_bits(accelerator))
    )
