"""What the blocks of a layer take, and what loading them costs in either order of passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsesim.memory.blocks import Ints
from sparsesim.memory.layer import Layer
from sparsesim.memory.search import Slices


@dataclass(frozen=True, eq=False)
class Loads:
    """Encoded and dense bits of all blocks of some groups, group after group.

    Attributes:
        weight_bits, activation_bits: int64, shape (2, blocks), encoded and dense.
        weight_firsts, activation_firsts: int64, shape (groups,), the first block of each group.
        slices: int64, shape (groups,), slices of K.
    """

    weight_bits: Ints
    weight_firsts: Ints
    activation_bits: Ints
    activation_firsts: Ints
    slices: Ints

    def moved_bits(self) -> Ints:
        """Encoded bits loaded for each group: int64, shape (2, groups), filters outer first.

        Blocks of the outer loop are loaded once; those of the inner loop once for each of the
        outer, but for a single one, which stays. With K in slices none stays.
        """
        weights = np.add.reduceat(self.weight_bits[0], self.weight_firsts)
        activations = np.add.reduceat(self.activation_bits[0], self.activation_firsts)
        filter_blocks = _counts(self.weight_firsts, self.weight_bits) // self.slices
        position_blocks = _counts(self.activation_firsts, self.activation_bits) // self.slices
        sliced = self.slices > 1
        again = np.where(sliced | (position_blocks > 1), filter_blocks, 1)
        filters_outer = np.where(sliced, position_blocks, 1) * weights + again * activations
        again = np.where(sliced | (filter_blocks > 1), position_blocks, 1)
        positions_outer = np.where(sliced, filter_blocks, 1) * activations + again * weights
        return np.array((filters_outer, positions_outer))


def whole_loads(layer: Layer, groups: Ints, filters: Ints, positions: Ints) -> Loads:
    """Loads of groups in blocks of so many filters and positions, with all of K."""
    from sparsesim.memory.kernels import cut_evenly  # Numba is slow to load

    weight_firsts, owners, *cut = cut_evenly(layer.geometry.filters, filters)
    weight_bits = layer.weight.both_bits(layer.weight_blocks(groups[owners], *cut))
    activation_firsts, owners, *cut = cut_evenly(layer.geometry.positions, positions)
    activation_bits = layer.activation.both_bits(layer.activation_blocks(groups[owners], *cut))
    slices = np.ones(len(groups), np.int64)
    return Loads(weight_bits, weight_firsts[:-1], activation_bits, activation_firsts[:-1], slices)


def sliced_loads(cut: Slices) -> Loads:
    """Loads of one group with K cut."""
    firsts = np.zeros(1, np.int64)
    slices = np.array([cut.slices])
    return Loads(cut.weight_bits, firsts, cut.activation_bits, firsts, slices)


def joined(parts: Sequence[Loads]) -> Loads:
    """Loads of one group each, joined in their order."""
    return Loads(
        np.concatenate([part.weight_bits for part in parts], axis=1),
        _starts([part.weight_bits.shape[1] for part in parts]),
        np.concatenate([part.activation_bits for part in parts], axis=1),
        _starts([part.activation_bits.shape[1] for part in parts]),
        np.concatenate([part.slices for part in parts]),
    )


def store_bits(layer: Layer, groups: Ints, filters: Ints, positions: Ints) -> tuple[Ints, Ints]:
    """Output blocks of groups, in each group filter blocks outer.

    Returns:
        int64 (groups,) the first block of each group; int64 (2, blocks) encoded and dense bits.
    """
    from sparsesim.memory.kernels import cut_outputs  # Numba is slow to load

    geometry = layer.geometry
    firsts, cut = cut_outputs(geometry.filters, geometry.positions, filters, positions)
    return firsts, layer.output.both_bits(layer.output_blocks(groups[cut[0]], cut[1:]))


def _starts(counts: list[int]) -> Ints:
    return np.cumsum([0, *counts[:-1]])


def _counts(firsts: Ints, bits: Ints) -> Ints:
    counts = np.empty(len(firsts), np.int64)
    counts[:-1] = firsts[1:]
    counts[-1] = bits.shape[1]
    counts -= firsts
    return counts
