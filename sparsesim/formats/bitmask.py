"""`bitmask`: one bit an element (1: not zero), then the non-zero values in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats.bits import BitReader, to_bits
from sparsesim.formats.format import CountedFormat, Ints, Options


class Bitmask(CountedFormat):
    """elements + nonzeros * value_bits."""

    name = "bitmask"
    summary = "one bit an element, then the non-zero values"

    def bits_of_count(self, rows: Ints, columns: Ints, nonzeros: Ints, value_bits: int) -> Ints:
        return rows * columns + nonzeros * value_bits

    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        mask = codes.reshape(-1) != 0
        return np.concatenate([mask.view(np.uint8), to_bits(codes[codes != 0], value_bits)])

    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        mask = payload.take(rows * columns, 1).astype(bool).reshape(rows, columns)
        codes = np.zeros((rows, columns), np.uint64)
        codes[mask] = payload.take(int(np.count_nonzero(mask)), value_bits)
        return codes
