"""Weights as the PEs store them: how many entries each holds of each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.lowering.bits import pack_lines


def entries_of(mask: NDArray[np.bool_], pes: int, entry_run_bits: int) -> NDArray[np.uint16]:
    """Entries that each PE holds of each column of one tile.

    Args:
        mask: true where a weight is not zero, shape (filters, K), 65,535 filters a PE at most.
        pes: filter f is in PE f mod `pes`.
        entry_run_bits: bits of a run.
    Returns:
        uint16, shape (K, pes).
    """
    return count_entries(
        pack_lines(mask[None]), mask.shape[1], pes, max(1, len(mask)), entry_run_bits
    )[0, 0]


def count_entries(
    words: NDArray[np.uint64], reduction: int, pes: int, tile_filters: int, entry_run_bits: int
) -> NDArray[np.uint16]:
    """Entries that each PE holds of each column of each tile.

    Args:
        words: operand bits, shape (groups, filters, words of K bits and one more).
        reduction: K.
        pes, entry_run_bits: of the array.
        tile_filters: filters of a tile, a multiple of `pes` or all.
    Returns:
        uint16, shape (groups, tiles, K, pes).
    Source: docs/machines/broadcast.md, "What is stored".
    """
    from sparsesim.machines.broadcast.entries.kernels import add_entries

    groups, filters = words.shape[:2]
    tiles = -(-filters // tile_filters)
    counts = np.zeros((groups, tiles, reduction, pes), dtype=np.uint16)
    behind = np.empty((reduction, pes), dtype=np.uint16)
    add_entries(words, tile_filters, entry_run_bits, behind, counts)
    return counts
