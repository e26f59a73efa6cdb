"""Fields of fixed width, written to and read from a row of bits.

A field's lowest bit comes first, as in `payload[k*WIDTH +: WIDTH]` of the Verilog. Bits are uint8
arrays of 0 and 1 here; `Encoded` packs eight in a byte.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

_POWERS = np.left_shift(np.int64(1), np.arange(63))


def ceil_log2(counts: ArrayLike) -> NDArray[np.int64]:
    """Bits that tell `counts` things apart: ceil(log2(counts)), 0 for 0 and 1.

    Args:
        counts: int64, 0 to 2^62, of any shape.
    Returns:
        int64 of that shape; exact, since it compares with the powers of two themselves.
    """
    return np.asarray(np.searchsorted(_POWERS, counts), dtype=np.int64)


def to_bits(fields: NDArray[np.integer], width: int) -> NDArray[np.uint8]:
    """Fields one after the other, as bits.

    Args:
        fields: not negative, less than 2^width, shape (n,).
        width: bits of each, 0 to 64.
    Returns:
        uint8 of 0 and 1, shape (n * width,).
    """
    return field_bits(fields, width).reshape(-1)


def field_bits(fields: NDArray[np.integer], width: int) -> NDArray[np.uint8]:
    """As `to_bits`, one row a field: shape (n, width)."""
    octets = fields.astype("<u8").view(np.uint8).reshape(len(fields), 8)
    used = octets[:, : (width + 7) // 8]
    return np.unpackbits(used, axis=1, bitorder="little")[:, :width]


def from_bits(bits: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The fields of `field_bits` again: bits of shape (n, width) to uint64 of shape (n,)."""
    octets = np.zeros((len(bits), 8), np.uint8)
    packed = np.packbits(bits, axis=1, bitorder="little")
    octets[:, : packed.shape[1]] = packed
    return octets.view("<u8").astype(np.uint64).reshape(len(bits))


class BitReader:
    """Takes fields from the front of a row of bits."""

    def __init__(self, bits: NDArray[np.uint8]) -> None:
        self._bits = bits

    @property
    def left(self) -> int:
        """Bits that nobody took yet."""
        return len(self._bits)

    def take(self, count: int, width: int) -> NDArray[np.uint64]:
        """The next `count` fields, uint64, shape (count,).

        Raises:
            ValueError: fewer bits are left.
        """
        return self.take_records(count, (width,))[0]

    def take_records(self, count: int, widths: tuple[int, ...]) -> tuple[NDArray[np.uint64], ...]:
        """The next `count` records of several fields each: one uint64 array a field."""
        taken = count * sum(widths)
        if taken > self.left:
            raise ValueError(f"{taken} bits wanted, {self.left} left")
        records = self._bits[:taken].reshape(count, sum(widths))
        self._bits = self._bits[taken:]
        edges = np.cumsum((0, *widths))
        return tuple(from_bits(records[:, a:b]) for a, b in pairwise(edges))
