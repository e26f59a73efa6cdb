"""Packing of windows, value by value."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel


@kernel
def pack(values, window, value_bits, mask_words, packed):
    """Fill `packed` (zeros before) from (vectors, K) values; see `pack_windows`."""
    keep = np.uint64((1 << value_bits) - 1)
    for vector in range(values.shape[0]):
        for k in range(values.shape[1]):
            value = values[vector, k]
            if value == 0:
                continue
            words = packed[vector, k // window]
            pair = k % window
            words[pair >> 5] |= np.uint32(1 << (pair & 31))
            bit = pair * value_bits
            word = mask_words + (bit >> 5)
            both = (np.uint64(value) & keep) << np.uint64(bit & 31)
            words[word] |= np.uint32(both & np.uint64(0xFFFFFFFF))
            high = np.uint32(both >> np.uint64(32))
            if high:
                words[word + 1] |= high
