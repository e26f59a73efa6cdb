"""`csr`: compressed sparse rows; the rows are the first axis, and a 0-d or 1-d array is one row.

In order: rows + 1 pointers of ceil(log2(elements + 1)) bits (where each row's non-zeros begin, and
their number), the column index of each non-zero in ceil(log2(columns)) bits, the non-zero values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats.bits import BitReader, ceil_log2, to_bits
from sparsesim.formats.format import CountedFormat, Ints, Options


class Csr(CountedFormat):
    """nonzeros * (ceil(log2(columns)) + value_bits) + (rows + 1) * ceil(log2(elements + 1))."""

    name = "csr"
    summary = "row pointers, column indices, non-zero values; rows are the first axis"

    def bits_of_count(self, rows: Ints, columns: Ints, nonzeros: Ints, value_bits: int) -> Ints:
        pointer_bits = ceil_log2(rows * columns + 1)
        return nonzeros * (ceil_log2(columns) + value_bits) + (rows + 1) * pointer_bits

    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        pointers = np.concatenate([[0], np.cumsum(np.count_nonzero(codes, axis=1))])
        _, columns = np.nonzero(codes)
        return np.concatenate(
            [
                to_bits(pointers, int(ceil_log2(codes.size + 1))),
                to_bits(columns, int(ceil_log2(codes.shape[1]))),
                to_bits(codes[codes != 0], value_bits),
            ]
        )

    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        pointers = payload.take(rows + 1, int(ceil_log2(rows * columns + 1))).astype(np.int64)
        row_of = np.repeat(np.arange(rows), np.diff(pointers))
        column_of = payload.take(len(row_of), int(ceil_log2(columns))).astype(np.int64)
        codes = np.zeros((rows, columns), np.uint64)
        codes[row_of, column_of] = payload.take(len(row_of), value_bits)
        return codes
