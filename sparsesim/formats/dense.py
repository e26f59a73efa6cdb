"""`dense`: every value in order, zeros too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats.bits import BitReader, to_bits
from sparsesim.formats.format import CountedFormat, Ints, Options


class Dense(CountedFormat):
    """elements * value_bits."""

    name = "dense"
    summary = "every value in order"

    def bits_of_count(self, rows: Ints, columns: Ints, nonzeros: Ints, value_bits: int) -> Ints:
        return rows * columns * value_bits + 0 * nonzeros  # nonzeros take part in the broadcast

    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        return to_bits(codes.reshape(-1), value_bits)

    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        return payload.take(rows * columns, value_bits).reshape(rows, columns)
