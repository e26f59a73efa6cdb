"""`coordinate`: for each non-zero, in order, its flat index of ceil(log2(elements)) bits and it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats.bits import BitReader, ceil_log2, field_bits
from sparsesim.formats.format import CountedFormat, Ints, Options


class Coordinate(CountedFormat):
    """nonzeros * (ceil(log2(elements)) + value_bits)."""

    name = "coordinate"
    summary = "flat index and value of each non-zero"

    def bits_of_count(self, rows: Ints, columns: Ints, nonzeros: Ints, value_bits: int) -> Ints:
        return nonzeros * (ceil_log2(rows * columns) + value_bits)

    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        flat = codes.reshape(-1)
        indices = np.flatnonzero(flat)
        index_bits = int(ceil_log2(flat.size))
        fields = field_bits(indices, index_bits), field_bits(flat[indices], value_bits)
        return np.hstack(fields).reshape(-1)

    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        widths = int(ceil_log2(rows * columns)), value_bits
        indices, values = payload.take_records(payload.left // sum(widths), widths)
        codes = np.zeros(rows * columns, np.uint64)
        codes[indices.astype(np.int64)] = values
        return codes.reshape(rows, columns)
