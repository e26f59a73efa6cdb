"""Memory formats: exact sizes, encoders and decoders, under the names that users type.

A format is one file here and one line in `_BUILT_IN`, any `Format` given to `register_format`, an
entry point of another package, or `file.py:name`.
Not the passes and transfers, which only ask formats for sizes. Importing this loads no Numba.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesim.errors import InputError, SpecError, nearest
from sparsesim.formats import found
from sparsesim.formats.bitmask import Bitmask
from sparsesim.formats.bits import BitReader
from sparsesim.formats.bound import iid_bound_bits
from sparsesim.formats.coordinate import Coordinate
from sparsesim.formats.csr import Csr
from sparsesim.formats.dense import Dense
from sparsesim.formats.format import (
    CountedFormat,
    Format,
    Option,
    PackedBlocks,
    checked_int,
    rows_and_columns,
)
from sparsesim.formats.run_length import RunLength
from sparsesim.formats.values import from_codes, to_codes, width_of

__all__ = [
    "FORMATS",
    "CountedFormat",
    "Encoded",
    "Format",
    "Option",
    "PackedBlocks",
    "decode",
    "encode",
    "encoded_bits",
    "format_named",
    "iid_bound_bits",
    "named",
    "register_format",
    "rows_and_columns",
]

_BUILT_IN: tuple[Format, ...] = (Dense(), Bitmask(), RunLength(), Csr(), Coordinate())
_registered: dict[str, Format] = {built_in.name: built_in for built_in in _BUILT_IN}


class _Formats(Mapping[str, Format]):
    """Those known by now, and those of entry points."""

    def __getitem__(self, name: str) -> Format:
        if name not in _registered:
            if name not in found.installed():
                raise KeyError(name)
            _registered[name] = found.of_entry_point(name)
        return _registered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*_registered, *found.installed()]))

    def __len__(self) -> int:
        return len(list(iter(self)))


FORMATS: Mapping[str, Format] = _Formats()
"""Every format by name: the built-in ones, then registered ones in their order, then those of entry
points. Getting one of these that does not load is a `SpecError`."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A tensor in a memory format. Everything but the payload is the header, which isn't counted.

    Attributes:
        format: the format's name.
        shape, dtype: of the values.
        value_bits: width of one value in the payload.
        options: the format's options, defaults filled in.
        payload: uint8, shape (ceil(bit_count / 8),); bit i is bit i % 8 of byte i // 8.
        bit_count: bits of the payload; equals `encoded_bits` of the values.
    """

    format: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    value_bits: int
    options: Mapping[str, int]
    payload: NDArray[np.uint8]
    bit_count: int


def register_format(new: Format) -> None:
    """Make a format known under its name.

    Raises:
        SpecError: the name is taken.
    """
    if new.name in _registered:
        raise SpecError(f"format '{new.name}' is already registered; use another name")
    _registered[new.name] = new


def named() -> list[str]:
    """Formats that have a name of their own: all but those of `file.py:name`."""
    return [name for name in FORMATS if not found.is_file(name)]


def format_named(name: str) -> Format:
    """The format of that name, or of `file.py:name`.

    Raises:
        SpecError: there is none, or what holds it does not load.
    """
    if found.is_file(name) and name not in _registered:
        _registered[name] = found.of_file(name)
    if name not in FORMATS:
        raise SpecError(f"unknown format '{name}'; {nearest(name, named())}")
    return FORMATS[name]


def encoded_bits(
    values_or_mask: ArrayLike, format: str, value_bits: int | None = 8, **options: int
) -> int:
    """Exact size of a tensor in a memory format, by formula.

    Args:
        values_or_mask: any shape. Of type bool it is the mask of what is effectual; else an element
            is effectual where it is != 0 (NaN is, -0.0 isn't). Subtract a zero point first.
        format: a name of `FORMATS`.
        value_bits: width of one stored value, 1 to 64; None: the dtype's width.
        options: the format's own, such as `run_bits` of run_length.
    Returns:
        bits; shape and count of the tensor are a fixed header that isn't counted.
    Raises:
        SpecError: unknown format or option, a number out of range, no width for a mask.
        InputError: an array of something other than numbers.
    """
    chosen = format_named(format)
    settings = chosen.checked_options(options)
    values = np.asarray(values_or_mask)
    if value_bits is None and values.dtype == bool:
        raise SpecError("value_bits None needs values, and a mask came; use 1 to 64")
    width = _checked_width(values.dtype, value_bits)
    if values.dtype.kind in "OSUMmT":
        raise InputError(f"an array of type {values.dtype} came; use numbers or bool")
    mask = np.asarray(values != 0, dtype=bool).reshape(rows_and_columns(values.shape))
    return chosen.bits_of_mask(mask, width, settings)


def encode(
    values: ArrayLike, format: str, value_bits: int | None = None, **options: int
) -> Encoded:
    """A tensor in a memory format, bit by bit; takes a byte of memory for each bit meanwhile.

    Args:
        values: integers or floats of any shape. Zero is 0 (and -0.0, which comes back as +0.0):
            a quantised tensor comes with its zero point subtracted, modulo its width.
        format: a name of `FORMATS`.
        value_bits: width of one stored value, 1 to 64; None: the dtype's width. Floats are stored
            at their own width only.
        options: the format's own, such as `run_bits` of run_length.
    Raises:
        SpecError: unknown format or option, a number out of range.
        InputError: values that don't fit `value_bits`, or no numbers.
    """
    chosen = format_named(format)
    settings = chosen.checked_options(options)
    array = np.asarray(values)
    width = _checked_width(array.dtype, value_bits)
    codes = to_codes(array, width).reshape(rows_and_columns(array.shape))
    bits = chosen.encode(codes, width, settings)
    payload = np.packbits(bits, bitorder="little")
    return Encoded(format, array.shape, array.dtype, width, settings, payload, len(bits))


def decode(encoded: Encoded) -> NDArray[Any]:
    """The values that `encode` was given, equal in every bit but for -0.0, which is +0.0 now.

    Raises:
        SpecError: its format isn't registered here.
        InputError: the payload isn't one of that shape.
    """
    chosen = format_named(encoded.format)
    rows, columns = rows_and_columns(encoded.shape)
    bits = np.unpackbits(encoded.payload, bitorder="little")[: encoded.bit_count]
    reader = BitReader(bits)
    try:
        codes = chosen.decode(reader, rows, columns, encoded.value_bits, encoded.options)
    except (ValueError, IndexError):
        codes = None
    if codes is None or reader.left or len(bits) != encoded.bit_count:
        raise InputError(
            f"{encoded.format} payload of {len(bits)} bits isn't one of shape {encoded.shape} "
            f"with {encoded.value_bits} bits a value; encode it again"
        )
    return from_codes(codes, encoded.dtype, encoded.value_bits).reshape(encoded.shape)


def _checked_width(dtype: np.dtype[Any], value_bits: int | None) -> int:
    return width_of(dtype) if value_bits is None else checked_int("value_bits", value_bits, 1, 64)
