"""What a memory format is: its name, its options, its exact size, an encoder and a decoder.

Not the registry, which is in `sparsesim.formats`. Formats see a tensor as a matrix: the rows are
its first axis, the columns the product of the others; a 0-d or 1-d array is one row.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import SpecError, nearest
from sparsesim.formats.bits import BitReader

Options = Mapping[str, int]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Option:
    """A whole number that a format can be tuned by, from `lowest` to `highest`."""

    default: int
    lowest: int
    highest: int
    summary: str


@dataclass(frozen=True, eq=False)
class PackedBlocks:
    """Masks of many blocks, packed in the same words; a block is its segments in order.

    Attributes:
        words: uint64; bit i of the masks is bit i % 64 of word i // 64.
        segment_starts: int64, shape (blocks + 1,); block b is segments [starts[b], starts[b + 1]).
        bit_offsets: int64, shape (segments,); the first bit of each segment.
        bit_lengths: int64, shape (segments,).
        rows: int64, shape (blocks,); the rows of each block as a matrix.
    """

    words: NDArray[np.uint64]
    segment_starts: Ints
    bit_offsets: Ints
    bit_lengths: Ints
    rows: Ints

    def elements(self) -> Ints:
        """Elements of each block, int64, shape (blocks,)."""
        behind = np.concatenate([[0], np.cumsum(self.bit_lengths)])
        return np.diff(behind[self.segment_starts])

    def mask(self, block: int) -> NDArray[np.bool_]:
        """The block as a bool matrix."""
        pieces = [np.empty(0, np.uint8)]
        for segment in range(self.segment_starts[block], self.segment_starts[block + 1]):
            offset, length = int(self.bit_offsets[segment]), int(self.bit_lengths[segment])
            words = self.words[offset // 64 : (offset + length + 63) // 64]
            bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
            pieces.append(bits[offset % 64 : offset % 64 + length])
        flat = np.concatenate(pieces).astype(bool)
        rows = int(self.rows[block])
        return flat.reshape(rows, flat.size // max(rows, 1))


class Format(ABC):
    """One memory format; a subclass is stateless and is registered as one instance.

    A subclass whose size depends on more than the counts (see `CountedFormat`) gives
    `bits_of_mask`, and `bits_of_blocks` too where it can do better than one mask at a time.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[Mapping[str, Option]] = {}

    @abstractmethod
    def bits_of_mask(self, mask: NDArray[np.bool_], value_bits: int, options: Options) -> int:
        """Exact size in bits of a tensor, by formula and not by encoding it.

        Args:
            mask: which elements are effectual (not zero), shape (rows, columns).
            value_bits: width of one value, in bits.
            options: a value for each of this format's options, as `checked_options` gives.
        """

    @abstractmethod
    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        """The payload, one bit an element, in order; `to_bits` writes the fields.

        Args:
            codes: uint64 bit patterns of the values, 0 for a zero, shape (rows, columns).
            value_bits: width of one code, in bits.
            options: as above.
        """

    @abstractmethod
    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        """The codes again, shape (rows, columns); takes every bit of the payload.

        Raises:
            ValueError, IndexError: the payload isn't one of this shape.
        """

    def least_bits(self, nonzeros: Ints, value_bits: int, options: Options) -> Ints:
        """What tensors with so many non-zeros take at least; 0 is always right, more is quicker.

        It spares scanning blocks that can't fit.
        """
        return np.zeros_like(nonzeros)

    def bits_of_blocks(self, blocks: PackedBlocks, value_bits: int, options: Options) -> Ints:
        """Size in bits of each block, int64, shape (blocks,)."""
        sizes = [
            self.bits_of_mask(blocks.mask(block), value_bits, options)
            for block in range(len(blocks.rows))
        ]
        return np.array(sizes, dtype=np.int64)

    def checked_options(self, given: Mapping[str, object]) -> dict[str, int]:
        """All options of this format: the given ones, defaults for the rest.

        Raises:
            SpecError: an option that this format doesn't have, or out of its range.
        """
        for key in given:
            if key not in self.options:
                hint = nearest(key, self.options) if self.options else "it has none"
                raise SpecError(f"format '{self.name}' has no option '{key}'; {hint}")
        return {
            key: checked_int(
                f"format '{self.name}': {key}",
                given.get(key, option.default),
                option.lowest,
                option.highest,
            )
            for key, option in self.options.items()
        }


class CountedFormat(Format):
    """A format whose size depends on the shape and the number of non-zeros alone."""

    @abstractmethod
    def bits_of_count(self, rows: Ints, columns: Ints, nonzeros: Ints, value_bits: int) -> Ints:
        """Exact size in bits of any number of matrices at once.

        Args:
            rows, columns, nonzeros: int64 arrays that broadcast, of any shape.
            value_bits: width of one value, in bits.
        Returns:
            int64 bits, of the broadcast shape.
        """

    def bits_of_mask(self, mask: NDArray[np.bool_], value_bits: int, options: Options) -> int:
        counts = np.array([*mask.shape, np.count_nonzero(mask)], dtype=np.int64)
        rows, columns, nonzeros = counts.reshape(3, 1)
        return int(self.bits_of_count(rows, columns, nonzeros, value_bits)[0])

    def bits_of_blocks(self, blocks: PackedBlocks, value_bits: int, options: Options) -> Ints:
        from sparsesim.formats.kernels import ones_of_blocks  # Numba is slow to load

        nonzeros = ones_of_blocks(
            blocks.words, blocks.segment_starts, blocks.bit_offsets, blocks.bit_lengths
        )
        columns = blocks.elements() // np.maximum(blocks.rows, 1)
        return self.bits_of_count(blocks.rows, columns, nonzeros, value_bits)


def rows_and_columns(shape: tuple[int, ...]) -> tuple[int, int]:
    """The matrix that formats see in a tensor of this shape; one row up to 1-d."""
    if len(shape) < 2:
        return 1, math.prod(shape)
    return shape[0], math.prod(shape[1:])


def checked_int(what: str, given: object, lowest: int, highest: int) -> int:
    """A whole number in its range, as a Python int.

    Raises:
        SpecError: no whole number, or out of range.
    """
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not whole or not lowest <= given <= highest:  # type: ignore[operator]
        raise SpecError(f"{what} {given!r} is out of range; use {lowest} to {highest}")
    return int(given)  # type: ignore[call-overload, no-any-return]
