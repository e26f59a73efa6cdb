"""What the blocks of a layer take, and what moving them costs in either order of passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsesim.memory.blocks import Ints
from sparsesim.memory.columns import CUT_GROUP, CUT_M0, ENCODED
from sparsesim.memory.layer import Layer
from sparsesim.memory.search import Slices


@dataclass(frozen=True, eq=False)
class Moves:
    """Encoded and dense bits of all blocks of some groups, group after group.

    Attributes:
        weight_bits, activation_bits, output_bits: int64, shape (2, blocks), encoded and dense;
            output blocks with filter blocks outer.
        weight_firsts, activation_firsts, output_firsts: int64, shape (groups,), the first block of
            each group.
        slices: int64, shape (groups,), slices of K.
    """

    weight_bits: Ints
    weight_firsts: Ints
    activation_bits: Ints
    activation_firsts: Ints
    output_bits: Ints
    output_firsts: Ints
    slices: Ints

    def moved_bits(self, weight_loads: Ints) -> Ints:
        """Encoded bits that each group moves: int64, shape (2, groups), filters outer first.

        Blocks of the outer loop are loaded once; those of the inner loop once for each of the
        outer, but for a single one, which stays. With K in slices none stays.

        Args:
            weight_loads: int64, shape (groups,): how often the weight is loaded whatever the
                order, 0 or 1; -1: as above.
        """
        weights = np.add.reduceat(self.weight_bits[ENCODED], self.weight_firsts)
        activations = np.add.reduceat(self.activation_bits[ENCODED], self.activation_firsts)
        outputs = np.add.reduceat(self.output_bits[ENCODED], self.output_firsts)
        filter_blocks = _counts(self.weight_firsts, self.weight_bits) // self.slices
        position_blocks = _counts(self.activation_firsts, self.activation_bits) // self.slices
        sliced = self.slices > 1
        again = np.where(sliced | (position_blocks > 1), filter_blocks, 1) * activations
        weights_again = np.where(sliced, position_blocks, 1) * weights
        filters_outer = _known(weight_loads, weights, weights_again) + again
        again = np.where(sliced | (filter_blocks > 1), position_blocks, 1) * weights
        activations_again = np.where(sliced, filter_blocks, 1) * activations
        positions_outer = _known(weight_loads, weights, again) + activations_again
        return np.array((filters_outer + outputs, positions_outer + outputs))


def whole_moves(layer: Layer, groups: Ints, filters: Ints, positions: Ints) -> Moves:
    """Moves of groups in blocks of so many filters and positions, with all of K."""
    from sparsesim.memory.passes.kernels import cut_evenly  # Numba is slow to load

    weight_firsts, owners, *cut = cut_evenly(layer.geometry.filters, filters)
    weight_bits = layer.weight.both_bits(layer.weight_blocks(groups[owners], *cut))
    activation_firsts, owners, *cut = cut_evenly(layer.geometry.positions, positions)
    activation_bits = layer.activation.both_bits(layer.activation_blocks(groups[owners], *cut))
    return Moves(
        weight_bits,
        weight_firsts[:-1],
        activation_bits,
        activation_firsts[:-1],
        *_output_bits(layer, groups, filters, positions),
        np.ones(len(groups), np.int64),
    )


def sliced_moves(layer: Layer, group: Ints, filters: Ints, positions: Ints, cut: Slices) -> Moves:
    """Moves of one group in tiles with K cut; the arrays have one element."""
    first = np.zeros(1, np.int64)
    return Moves(
        cut.weight_bits,
        first,
        cut.activation_bits,
        first,
        *_output_bits(layer, group, filters, positions),
        np.array([cut.slices]),
    )


def joined(parts: Sequence[Moves]) -> Moves:
    """Moves of one group each, joined in their order."""
    weights = [part.weight_bits for part in parts]
    activations = [part.activation_bits for part in parts]
    outputs = [part.output_bits for part in parts]
    return Moves(
        *(np.concatenate(weights, axis=1), _firsts(weights)),
        *(np.concatenate(activations, axis=1), _firsts(activations)),
        *(np.concatenate(outputs, axis=1), _firsts(outputs)),
        np.concatenate([part.slices for part in parts]),
    )


def _output_bits(layer: Layer, groups: Ints, filters: Ints, positions: Ints) -> tuple[Ints, Ints]:
    """`output_bits` and `output_firsts` of groups."""
    from sparsesim.memory.passes.kernels import cut_outputs  # Numba is slow to load

    geometry = layer.geometry
    firsts, cut = cut_outputs(geometry.filters, geometry.positions, filters, positions)
    return layer.output.both_bits(layer.output_blocks(groups[cut[CUT_GROUP]], cut[CUT_M0:])), firsts


def _firsts(bits: list[Ints]) -> Ints:
    return np.cumsum([0, *(part.shape[1] for part in bits[:-1])])


def _counts(firsts: Ints, bits: Ints) -> Ints:
    counts = np.empty(len(firsts), np.int64)
    counts[:-1] = firsts[1:]
    counts[-1] = bits.shape[1]
    counts -= firsts
    return counts


def _known(loads: Ints, bits: Ints, otherwise: Ints) -> Ints:
    """Bits of so many loads; `otherwise` where their number is -1."""
    return np.where(loads < 0, otherwise, loads * bits)
