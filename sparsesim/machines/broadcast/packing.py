"""Operands of a pass as the Verilog's driver and its stores of weights have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.broadcast.parameters import BroadcastArray

Words = NDArray[np.uint32]


def pack_rows(values: NDArray[np.int16], pes: int, bits: int) -> Words:
    """Rows of activations, each its mask and its values, from 32-bit words on.

    Args:
        values: shape (positions, K).
        pes: activations of a row; the last one is filled up with zeros.
        bits: of a value.
    Returns:
        uint32, shape (positions, rows, words of the mask and words of the values).
    """
    positions, reduction = values.shape
    rows = -(-reduction // pes)
    filled = np.zeros((positions, rows, pes), dtype=np.int16)
    filled.reshape(positions, -1)[:, :reduction] = values
    mask = filled != 0
    low = (filled[..., None] >> np.arange(bits, dtype=np.int16)) & 1
    parts = _words(mask), _words(low.reshape(positions, rows, pes * bits))
    return np.concatenate(parts, axis=-1)


def pack_weights(
    weights: NDArray[np.int16], array: BroadcastArray, bits: int
) -> tuple[Words, Words, NDArray[np.int64]]:
    """What each PE stores of the weights of a pass.

    Args:
        weights: shape (filters, K).
        array: its parameters.
        bits: of a weight.
    Returns:
        pointers, uint32, shape (tiles, columns, pes, 2): entries of a column, address of the first
        in the PE's store; columns are K filled up to whole rows of activations.
        entries of all PEs, uint32: the run above `bits` of the weight.
        where each PE's entries begin among these, and their end, int64, shape (pes + 1,).
    """
    tile, pes = array.tile_filters, array.pes
    filters, reduction = weights.shape
    tiles = -(-filters // tile)
    pointers = np.zeros((tiles, -(-reduction // pes) * pes, pes, 2), dtype=np.uint32)
    stored: list[Words] = []
    begins = np.zeros(pes + 1, dtype=np.int64)
    for pe in range(pes):
        length = 0
        for number in range(tiles):
            part = weights[number * tile : (number + 1) * tile][pe::pes]
            counts, entries = _entries(part, array.entry_run_bits, bits)
            pointers[number, :reduction, pe, 0] = counts
            pointers[number, :reduction, pe, 1] = length + np.cumsum(counts) - counts
            stored.append(entries)
            length += len(entries)
        begins[pe + 1] = begins[pe] + length
    return pointers, np.concatenate(stored), begins


def unpacked(
    counts: NDArray[np.integer], entries: NDArray[np.integer], filters: int, bits: int
) -> NDArray[np.int16]:
    """The weights again, shape (filters, columns), of a tile's columns in one PE."""
    found = np.zeros((filters, len(counts)), dtype=np.int16)
    at = 0
    for column, number in enumerate(counts.tolist()):
        row = -1
        for entry in entries[at : at + number].tolist():
            row += 1 + (entry >> bits)
            value = entry & (1 << bits) - 1
            found[row, column] = value - (1 << bits) * (value >> bits - 1)
        at += number
    return found


def _entries(
    weights: NDArray[np.int16], run_bits: int, bits: int
) -> tuple[NDArray[np.int64], Words]:
    """How many entries each column of a PE's filters has, and these, column by column."""
    columns, rows = np.nonzero(weights.T)
    before = np.full(len(rows), -1)  # the row of the weight before, in the same column
    same = columns[1:] == columns[:-1]
    before[1:][same] = rows[:-1][same]
    runs = rows - before - 1
    number = (runs >> run_bits) + 1
    last = np.cumsum(number) - 1  # each weight's own entry, behind its padding
    longest = (1 << run_bits) - 1
    entries = np.full(int(number.sum()), longest << bits, dtype=np.uint32)
    own = weights.T[columns, rows].astype(np.int64) & (1 << bits) - 1
    entries[last] = (runs & longest) << bits | own
    counts = np.bincount(columns, weights=number, minlength=weights.shape[1]).astype(np.int64)
    return counts, entries


def _words(flags: NDArray[np.generic]) -> Words:
    """Bits along the last axis in 32-bit words, the first one lowest."""
    octets = np.packbits(flags.astype(bool), axis=-1, bitorder="little")
    pad = [(0, 0)] * (octets.ndim - 1) + [(0, -octets.shape[-1] % 4)]
    return np.ascontiguousarray(np.pad(octets, pad)).view(np.uint32)
