"""The passes of a layer: how it is cut to fit the buffers, and what each pass moves over DRAM.

Not when it moves: that is `schedule`. Everything is per group and per run (an image or a batch).

Source: docs/model.md, "Passes", in detail:

- An activation block is the bounding box (images, depth, rows, columns) of the input pixels that
  its positions meet, in the input as stored: of a transposed convolution the real pixels, without
  the inserted zeros; empty where all is padding. Its rows for `csr` are pixel rows, its columns
  the pixels of a row times the channels; a weight block's are filters and K, an output block's
  positions and filters.
- With K cut, blocks are slices of the lowered operands: filters x pairs and positions x pairs,
  each in that order, padding and inserted zeros included, since a slice of K is no box of pixels.
- A block equal to that of the previous pass of its group stays; nothing else does, but for the
  weight of a recurrent product where half of the weight buffer holds all of it: see `resident`.
- `dense_*` are the same blocks dense, also where those would not fit the buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats import format_named
from sparsesim.lowering import Geometry
from sparsesim.memory.blocks import Ints, Packing
from sparsesim.memory.choose import Choice, choose_blocks
from sparsesim.memory.counts import LayerCounts, count_layer
from sparsesim.memory.layer import Layer
from sparsesim.memory.resident import loaded_once, resident
from sparsesim.memory.search import Buffers

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_HALF_KIB_BITS = 4096  # half of a buffer is in use while the other half is loaded or stored


@dataclass(frozen=True)
class ValueBits:
    """Bits of one value of each tensor of a layer, 1 to 64."""

    activation: int
    weight: int
    output: int


@dataclass(frozen=True, eq=False)
class Plan:
    """The passes of one layer, group after group; all arrays int64, shape (passes,).

    Attributes:
        choice: how each group was cut.
        group: the group of each pass.
        m0, m1: its filters [m0, m1) within the group.
        p0, p1: its positions.
        w0, w1: its windows of K.
        drains: 1 where the pass ends its tiles and so stores their outputs.
        load_activation_bits, load_weight_bits, store_bits: what it moves in the accelerator's
            formats; 0 where the block is kept from the pass before.
        dense_load_activation_bits, dense_load_weight_bits, dense_store_bits: the same dense.
    """

    choice: Choice
    group: Ints
    m0: Ints
    m1: Ints
    p0: Ints
    p1: Ints
    w0: Ints
    w1: Ints
    drains: Ints
    load_activation_bits: Ints
    load_weight_bits: Ints
    store_bits: Ints
    dense_load_activation_bits: Ints
    dense_load_weight_bits: Ints
    dense_store_bits: Ints

    def pass_table(self) -> Ints:
        """m0, m1, p0, p1, w0, w1, drains of each pass: int64, shape (passes, 7)."""
        columns = (self.m0, self.m1, self.p0, self.p1, self.w0, self.w1, self.drains)
        return np.stack(columns, axis=1)

    def moved_bits(self, dense: bool) -> tuple[Ints, Ints, Ints]:
        """Bits that each pass moves: activations and weights loaded, outputs stored.

        Args:
            dense: as dense blocks (scheme `none`) and not in the accelerator's formats.
        """
        if dense:
            return (
                self.dense_load_activation_bits,
                self.dense_load_weight_bits,
                self.dense_store_bits,
            )
        return self.load_activation_bits, self.load_weight_bits, self.store_bits


def plan_layer(
    name: str,
    geometry: Geometry,
    activation_words: NDArray[np.uint64],
    weight_words: NDArray[np.uint64],
    output_words: NDArray[np.uint64],
    value_bits: ValueBits,
    accelerator: Accelerator,
    counts: LayerCounts | None = None,
) -> Plan:
    """Cut a layer into passes.

    Args:
        name: the layer's, for errors.
        geometry: its lowering, one run.
        activation_words, weight_words: packed bits of the operands, uint64 with a spare word.
        output_words: the same of the output behind the fused activation.
        value_bits: at which values are priced.
        accelerator: its array, buffers, formats and pass order.
        counts: `count_layer` of the operands, where it is at hand.
    Raises:
        SpecError: the outputs of a tile or one window of it don't fit.
    """
    from sparsesim.memory.kernels import lay_out_passes  # Numba is slow to load

    if geometry.output_elements == 0:
        return Plan(Choice.of_nothing(geometry.groups), *np.zeros((14, 0), np.int64))
    layer = Layer(
        name,
        geometry,
        activation_words,
        weight_words,
        output_words,
        counts or count_layer(geometry, activation_words, weight_words),
        packing(accelerator.activation_format, accelerator.run_bits, value_bits.activation),
        packing(accelerator.weight_format, accelerator.run_bits, value_bits.weight),
        packing(accelerator.activation_format, accelerator.run_bits, value_bits.output),
    )
    buffers = Buffers(
        int(accelerator.activation_buffer_kib * _HALF_KIB_BITS),
        int(accelerator.weight_buffer_kib * _HALF_KIB_BITS),
        int(accelerator.output_buffer_kib * _HALF_KIB_BITS),
    )
    stays = resident(layer, buffers.weight)
    choice, moves = choose_blocks(
        layer,
        stays,
        accelerator.rows,
        accelerator.cols,
        accelerator.window,
        buffers,
        accelerator.pass_order,
    )
    blocks = (choice.filters, choice.positions, choice.windows, choice.positions_outer)
    passes = lay_out_passes(
        layer.counts.geometry,
        accelerator.window,
        np.stack(blocks, axis=1).astype(np.int64),
        moves.weight_bits,
        moves.activation_bits,
        moves.output_bits,
    )
    return Plan(choice, *loaded_once(passes, geometry.steps, stays))


def packing(name: str, run_bits: int, value_bits: int) -> Packing:
    """A format by name, with the options that an accelerator gives it."""
    chosen = format_named(name)
    given = {"run_bits": run_bits} if "run_bits" in chosen.options else {}
    return Packing(chosen, chosen.checked_options(given), value_bits)
