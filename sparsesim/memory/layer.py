"""The operands of one layer, from which any block can be cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.lowering import Geometry
from sparsesim.memory.blocks import Boxes, Ints, Packing, Runs
from sparsesim.memory.counts import LayerCounts


@dataclass(frozen=True, eq=False)
class Layer:
    """Packed operands of a layer, how each is stored, and the cuts that they allow.

    Attributes:
        name: as errors call it.
        geometry: its lowering.
        activation_words, weight_words, output_words: packed bits, see `plan_layer`.
        counts: `count_layer` of them.
        activation, weight, output: how they are stored.
    """

    name: str
    geometry: Geometry
    activation_words: NDArray[np.uint64]
    weight_words: NDArray[np.uint64]
    output_words: NDArray[np.uint64]
    counts: LayerCounts
    activation: Packing
    weight: Packing
    output: Packing

    def weight_blocks(self, groups: Ints, starts: Ints, ends: Ints) -> Runs:
        """Filters [starts, ends) of groups, all of K."""
        reduction = self.geometry.reduction
        first = groups // self.geometry.steps * self.geometry.filters + starts
        rows = ends - starts
        before = self.counts.filter_ones
        return Runs(
            self.weight_words,
            first * reduction,
            rows,
            np.full(len(rows), reduction),
            reduction,
            before[first + rows] - before[first],
        )

    def activation_blocks(self, groups: Ints, starts: Ints, ends: Ints) -> Boxes:
        """Bounding boxes of positions [starts, ends) of groups."""
        from sparsesim.memory.kernels import bounding_boxes  # Numba is slow to load

        edges = bounding_boxes(self.counts.geometry, self.counts.axes, starts, ends)
        return Boxes(self.activation_words, self.counts, groups, edges)

    def output_blocks(self, groups: Ints, cut: Ints) -> Runs:
        """Outputs of groups: `cut` is int64, shape (4, blocks), m0, m1, p0, p1."""
        first_filter, end_filter, first_position, end_position = cut
        geometry = self.geometry
        offsets = groups * geometry.output_group_stride
        offsets += first_position * geometry.output_pixel_stride + first_filter
        return Runs(
            self.output_words,
            offsets,
            end_position - first_position,
            end_filter - first_filter,
            geometry.output_pixel_stride,
        )

    def weight_slices(self, group: int, tile: Ints, starts: Ints, ends: Ints) -> Runs:
        """Operand pairs [starts, ends) of a tile's filters of a group: first and end of them."""
        m0, m1 = tile
        reduction = self.geometry.reduction
        first = group // self.geometry.steps * self.geometry.filters
        offsets = (first + m0) * reduction + starts
        return Runs(self.weight_words, offsets, m1 - m0, ends - starts, reduction)

    def lowered(self, group: int) -> NDArray[np.uint64]:
        """The lowered activations of a group: uint64, shape (positions, words of K bits)."""
        from sparsesim.lowering.kernels import lower_activations  # Numba is slow to load

        words = (self.geometry.reduction + 63) // 64
        lowered = np.zeros((self.geometry.positions + 1, words), np.uint64)  # one row to spare
        lower_activations(self.activation_words, self.counts.geometry, group, 0, lowered[:-1])
        return lowered

    def activation_slices(
        self, lowered: NDArray[np.uint64], tile: Ints, starts: Ints, ends: Ints
    ) -> Runs:
        """Operand pairs [starts, ends) of a tile's positions, lowered: first and end of them."""
        p0, p1 = tile
        stride = lowered.shape[1] * 64
        offsets = p0 * stride + starts
        return Runs(lowered.reshape(-1), offsets, p1 - p0, ends - starts, stride)
