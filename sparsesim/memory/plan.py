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
- `dense` are the same blocks dense, also where those would not fit the buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats import format_named
from sparsesim.lowering import Geometry
from sparsesim.machines.passes import Passes
from sparsesim.machines.tiling import Tiling
from sparsesim.memory.blocks import Ints, Packing
from sparsesim.memory.choose import Choice, choose_blocks
from sparsesim.memory.counts import LayerCounts, count_layer
from sparsesim.memory.layer import Layer
from sparsesim.memory.resident import drop_kept_weights, resident
from sparsesim.memory.search import Buffers
from sparsesim.memory.value_bits import ValueBits

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


@dataclass(frozen=True, eq=False)
class Moved:
    """Bits that each pass moves over DRAM; int64, shape (passes,), 0 where a block is kept.

    Attributes:
        activations, weights: loaded.
        outputs: stored.
    """

    activations: Ints
    weights: Ints
    outputs: Ints

    @cached_property
    def loads(self) -> Ints:
        """Bits that each pass loads."""
        return self.activations + self.weights

    @cached_property
    def totals(self) -> tuple[int, int, int]:
        """Bits of activations, weights and outputs, over all passes."""
        return int(self.activations.sum()), int(self.weights.sum()), int(self.outputs.sum())


@dataclass(frozen=True, eq=False)
class Plan:
    """The passes of one layer, group after group.

    Attributes:
        choice: how each group was cut.
        passes: in order; one that drains stores its tiles' outputs.
        encoded: what they move in the accelerator's formats.
        dense: the same dense.
    """

    choice: Choice
    passes: Passes
    encoded: Moved
    dense: Moved

    @classmethod
    def of_nothing(cls, groups: int) -> Plan:
        """The plan of groups without outputs: no passes."""
        none = Moved(*np.zeros((3, 0), np.int64))
        return cls(Choice.of_nothing(groups), Passes.none(), none, none)

    def moved(self, dense: bool) -> Moved:
        """What the passes move, dense or in the accelerator's formats."""
        return self.dense if dense else self.encoded


def plan_layer(
    name: str,
    geometry: Geometry,
    activation_words: NDArray[np.uint64],
    weight_words: NDArray[np.uint64],
    output_words: NDArray[np.uint64],
    value_bits: ValueBits,
    accelerator: Accelerator,
    tiling: Tiling | None = None,
    counts: LayerCounts | None = None,
) -> Plan:
    """Cut a layer into passes.

    Args:
        name: the layer's, for errors.
        geometry: its lowering, one run.
        activation_words, weight_words: packed bits of the operands, uint64 with a spare word.
        output_words: the same of the output behind the fused activation.
        value_bits: at which values are priced.
        accelerator: its machine, buffers, formats and pass order.
        tiling: steps in which it may be cut; None: the machine's.
        counts: `count_layer` of the operands, where it is at hand.
    Raises:
        SpecError: a tile's outputs or its least slice of K don't fit, or K may not be cut.
    """
    from sparsesim.memory.passes.kernels import lay_out_passes  # Numba is slow to load

    if geometry.output_elements == 0:
        return Plan.of_nothing(geometry.groups)
    tiling = tiling or accelerator.rules.tiling(accelerator.array)
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
    buffers = Buffers.of(accelerator)
    stays = resident(layer, buffers.weight)
    choice, moves = choose_blocks(layer, stays, tiling, buffers, accelerator.pass_order)
    blocks = (choice.filters, choice.positions, choice.elements, choice.positions_outer)
    table, bits = lay_out_passes(
        layer.counts.geometry,
        np.stack(blocks, axis=1).astype(np.int64),
        moves.weight_bits,
        moves.activation_bits,
        moves.output_bits,
    )
    passes = Passes(table)
    drop_kept_weights(passes, bits, geometry.steps, stays)
    encoded, dense = bits
    return Plan(choice, passes, Moved(*encoded), Moved(*dense))


def packing(name: str, run_bits: int, value_bits: int) -> Packing:
    """A format by name, with the options that an accelerator gives it."""
    chosen = format_named(name)
    given = {"run_bits": run_bits} if "run_bits" in chosen.options else {}
    return Packing(chosen, chosen.checked_options(given), value_bits)
