"""Blocks of packed bits and what they take in a memory format.

A block is either `Runs` (equally long runs of bits, equally far apart: filters, slices of lowered
operands, outputs) or `Boxes` of input pixels. Not where the cuts are: that is `search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats import CountedFormat, Format, PackedBlocks
from sparsesim.lowering.columns import CHANNELS, PIXEL_STRIDE
from sparsesim.memory.columns import BOX_ELEMENTS, BOX_ROWS
from sparsesim.memory.counts import LayerCounts

Ints = NDArray[np.int64]


class Blocks(Protocol):
    """Any number of blocks, each a matrix of bits; arrays have the shape (blocks,)."""

    @property
    def rows(self) -> Ints: ...

    @property
    def columns(self) -> Ints: ...

    def nonzeros(self) -> Ints: ...

    def packed(self) -> PackedBlocks: ...


@dataclass(frozen=True)
class Packing:
    """How an operand is stored: its format, the format's options, bits of a value."""

    format: Format
    options: Mapping[str, int]
    value_bits: int

    def encoded_bits(self, blocks: Blocks) -> Ints:
        """Exact size of each block, int64, shape (blocks,)."""
        if isinstance(self.format, CountedFormat):
            return self.format.bits_of_count(
                blocks.rows, blocks.columns, blocks.nonzeros(), self.value_bits
            )
        return self.format.bits_of_blocks(blocks.packed(), self.value_bits, self.options)

    @property
    def counted(self) -> bool:
        """Whether counts give the exact size, and so `least_bits` is it."""
        return isinstance(self.format, CountedFormat)

    def least_bits(self, blocks: Blocks) -> Ints:
        """What each block takes at least, from its counts: cheap, where scanning its bits isn't."""
        if self.counted:
            return self.encoded_bits(blocks)
        return self.format.least_bits(blocks.nonzeros(), self.value_bits, self.options)

    def both_bits(self, blocks: Blocks) -> Ints:
        """Encoded and dense size of each block, int64, shape (2, blocks)."""
        dense = blocks.rows * blocks.columns * self.value_bits
        return np.array((self.encoded_bits(blocks), dense))


@dataclass(frozen=True, eq=False)
class Runs:
    """Blocks of runs of bits: block b is rows[b] runs of columns[b] bits from offsets[b] on.

    Attributes:
        words: uint64, packed bits with a spare word.
        offsets: int64, first bit of each block.
        rows, columns: int64.
        stride: bits from one run to the next.
        ones: int64, the non-zeros of each block where they are known already.
    """

    words: NDArray[np.uint64]
    offsets: Ints
    rows: Ints
    columns: Ints
    stride: int
    ones: Ints | None = None

    def nonzeros(self) -> Ints:
        from sparsesim.memory.kernels import ones_of_runs  # Numba is slow to load

        if self.ones is not None:
            return self.ones
        ones: Ints = ones_of_runs(self.words, self.offsets, self.rows, self.stride, self.columns)
        return ones

    def packed(self) -> PackedBlocks:
        if np.all(self.columns == self.stride):
            firsts = np.arange(len(self.rows) + 1)
            return PackedBlocks(
                self.words, firsts, self.offsets, self.rows * self.columns, self.rows
            )
        firsts = np.concatenate([[0], np.cumsum(self.rows)])
        run = np.arange(firsts[-1]) - np.repeat(firsts[:-1], self.rows)
        offsets = np.repeat(self.offsets, self.rows) + run * self.stride
        lengths = np.repeat(self.columns, self.rows)
        return PackedBlocks(self.words, firsts, offsets, lengths, self.rows)


@dataclass(frozen=True, eq=False)
class Boxes:
    """Bounding boxes of input pixels, all channels of their group.

    Their rows are pixel rows (for Gemm and MatMul positions), their columns the pixels of a row
    times the channels.

    Attributes:
        words: uint64, packed activation bits with a spare word.
        counts: of the layer.
        groups: int64, shape (blocks,).
        edges: int64, shape (10, blocks), from `kernels.bounding_boxes`.
    """

    words: NDArray[np.uint64]
    counts: LayerCounts
    groups: Ints
    edges: Ints

    @property
    def rows(self) -> Ints:
        return self.edges[BOX_ROWS]

    @property
    def columns(self) -> Ints:
        return self.edges[BOX_ELEMENTS]

    def nonzeros(self) -> Ints:
        from sparsesim.memory.kernels import ones_of_boxes  # Numba is slow to load

        ones: Ints = ones_of_boxes(
            self.counts.geometry, self.counts.pixel_ones, self.groups, self.edges
        )
        return ones

    def packed(self) -> PackedBlocks:
        from sparsesim.memory.kernels import segments_of_boxes  # Numba is slow to load

        geometry = self.counts.geometry
        firsts, offsets = segments_of_boxes(geometry, self.groups, self.edges)
        by_line = geometry[PIXEL_STRIDE] == geometry[CHANNELS]
        columns = self.columns if by_line else np.full(len(self.groups), geometry[CHANNELS])
        lengths = np.repeat(columns, np.diff(firsts))
        return PackedBlocks(self.words, firsts, offsets, lengths, self.rows)
