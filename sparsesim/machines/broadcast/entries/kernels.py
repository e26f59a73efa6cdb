"""The kernel that counts stored entries."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.pairs.kernels import ones


@kernel
def add_entries(words, tile_filters, run_bits, behind, counts):
    """Count what each PE stores of each column: its weights, and padding entries in their runs.

    Args:
        words: uint64, shape (groups, filters, words of K bits and one more).
        tile_filters: filters of a tile.
        run_bits: of a run of zeros.
        behind: uint16, shape (K, pes): scratch; the first row behind the last entry.
        counts: uint16, shape (groups, tiles, K, pes), all zero on entry.
    """
    pes = counts.shape[3]
    for group in range(counts.shape[0]):
        for tile in range(counts.shape[1]):
            into = counts[group, tile]
            behind[:] = 0
            first = tile * tile_filters
            for filter_ in range(first, min(first + tile_filters, words.shape[1])):
                row, pe = divmod(filter_ - first, pes)
                for number in range(words.shape[2] - 1):
                    left = words[group, filter_, number]
                    while left != 0:
                        lowest = left & (~left + np.uint64(1))
                        left ^= lowest
                        k = number * 64 + np.int64(ones(lowest - np.uint64(1)))
                        run = row - np.int64(behind[k, pe])
                        into[k, pe] += 1 + (run >> run_bits)
                        behind[k, pe] = row + 1
