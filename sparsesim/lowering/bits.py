"""Packed bits: one bit an element, little-endian in uint64 words, with one spare word behind.

The spare word lets a kernel read any 64 bits from any bit offset without a bounds check.
"""

from __future__ import annotations

import numpy as np


def pack(mask: np.ndarray) -> np.ndarray:
    """Pack a mask in C order.

    Args:
        mask: bool, any shape.
    Returns:
        uint64, shape (ceil(elements / 64) + 1,).
    """
    octets = np.packbits(np.ascontiguousarray(mask, dtype=bool).reshape(-1), bitorder="little")
    words = np.zeros(word_count(mask.size), dtype=np.uint64)
    words.view(np.uint8)[: octets.size] = octets
    return words


def pack_lines(mask: np.ndarray) -> np.ndarray:
    """Pack each line along the last axis by itself.

    Args:
        mask: bool, shape (..., elements).
    Returns:
        uint64, shape (..., ceil(elements / 64) + 1).
    """
    octets = np.packbits(mask, axis=-1, bitorder="little")
    words = np.zeros((*mask.shape[:-1], word_count(mask.shape[-1])), dtype=np.uint64)
    words.view(np.uint8)[..., : octets.shape[-1]] = octets
    return words


def unpack(words: np.ndarray, count: int) -> np.ndarray:
    """The first `count` bits as bool, shape (count,)."""
    return np.unpackbits(words.view(np.uint8), count=count, bitorder="little").astype(bool)


def word_count(bits: int) -> int:
    """Words that hold so many bits, the spare one included."""
    return (bits + 63) // 64 + 1


def ones(words: np.ndarray) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(words).sum())
