"""Values to the bit patterns that formats store, and back.

Integers are stored in two's complement, floats as their IEEE bits. A zero is the pattern 0: -0.0 is
a zero and comes back as +0.0; every other pattern, NaN payloads too, comes back as it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import InputError


def width_of(dtype: np.dtype[Any]) -> int:
    """Bits of one value of a dtype.

    Raises:
        InputError: not an integer or float of up to 64 bits.
    """
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InputError(f"values of type {dtype} can't be encoded; use integers or floats")
    return dtype.itemsize * 8


def to_codes(values: NDArray[Any], value_bits: int) -> NDArray[np.uint64]:
    """Bit patterns of values, uint64, of the same shape.

    Args:
        values: integers or floats.
        value_bits: 1 to 64; of floats, the dtype's own width.
    Raises:
        InputError: an integer that doesn't fit, a float at another width, another dtype.
    """
    dtype, width = values.dtype, width_of(values.dtype)
    native = np.ascontiguousarray(values, dtype=dtype.newbyteorder("="))
    raw = native.view(f"u{dtype.itemsize}").astype(np.uint64).reshape(values.shape)
    if dtype.kind == "f":
        if value_bits != width:
            raise InputError(
                f"{dtype} values can't be encoded in {value_bits} bits; use {width}, or quantise"
            )
        sign = np.uint64(1 << (width - 1))
        return np.where(raw == sign, np.uint64(0), raw)
    _check_fit(values, value_bits)
    codes = native.astype(np.int64).view(np.uint64) if dtype.kind == "i" else raw
    return codes.reshape(values.shape) & np.uint64((1 << value_bits) - 1)


def from_codes(codes: NDArray[np.uint64], dtype: np.dtype[Any], value_bits: int) -> NDArray[Any]:
    """The values of `to_codes` again, of that dtype and the codes' shape."""
    native = dtype.newbyteorder("=")
    if dtype.kind == "i":
        unused = 64 - value_bits
        return ((codes << np.uint64(unused)).view(np.int64) >> unused).astype(dtype)
    return codes.astype(f"u{dtype.itemsize}").view(native).astype(dtype)


def _check_fit(values: NDArray[Any], value_bits: int) -> None:
    if values.size == 0:
        return
    signed = values.dtype.kind == "i"
    lowest = -(1 << (value_bits - 1)) if signed else 0
    highest = (1 << (value_bits - signed)) - 1
    for value in (int(values.min()), int(values.max())):
        if not lowest <= value <= highest:
            raise InputError(
                f"value {value} doesn't fit {value_bits} bits of {values.dtype}; "
                f"use {lowest} to {highest}, or more bits"
            )
