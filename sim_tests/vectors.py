"""Flat vectors of the Verilog, element by element; bench.py gives all of it on to the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Field:
    """One of the equal fields of a flat vector, with a `value` as a signal has; see `fields`."""

    def __init__(self, handle: Any, low: int, width: int, driven: list[int]) -> None:
        self._handle = handle
        self._low = low
        self._width = width
        self._driven = driven  # what was last written to the whole vector; shared by its fields

    def __len__(self) -> int:
        return self._width

    @property
    def value(self) -> int:
        """Unsigned; -1 where a bit of it is unknown."""
        whole = self._handle.value
        if whole.is_resolvable:
            return int(whole) >> self._low & (1 << self._width) - 1
        bits = str(whole)[::-1][self._low : self._low + self._width][::-1]
        return int(bits, 2) if set(bits) <= {"0", "1"} else -1

    @value.setter
    def value(self, value: int) -> None:
        mask = (1 << self._width) - 1
        self._driven[0] = self._driven[0] & ~(mask << self._low) | (value & mask) << self._low
        self._handle.value = self._driven[0]


def fields(handle: Any, count: int) -> list[Field]:
    """A flat vector as `count` equal fields, number i at `[i*W +: W]`, each driven by itself.

    Call it once for a vector that is driven: the fields of one call share what they write.
    """
    width = len(handle) // count
    driven = [0]
    return [Field(handle, i * width, width, driven) for i in range(count)]


def mask(values: Sequence[int] | np.ndarray) -> int:
    """One bit an element: is it not zero? Bit k is element k."""
    return sum(1 << k for k, value in enumerate(values) if value)


def pack(values: Sequence[int] | np.ndarray, bits: int) -> int:
    """Elements as one number, element k at `[k*bits +: bits]`, two's complement."""
    field = (1 << bits) - 1
    return sum((int(value) & field) << k * bits for k, value in enumerate(values))


def unpack(number: int, bits: int, count: int) -> list[int]:
    """`count` unsigned elements of a flat number; the inverse of `pack` but for signs."""
    return [number >> k * bits & (1 << bits) - 1 for k in range(count)]


def signed(number: int, bits: int) -> int:
    """Bits read as two's complement."""
    return number - (1 << bits) if number >> bits - 1 & 1 else number
