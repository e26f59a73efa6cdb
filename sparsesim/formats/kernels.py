"""Ones and run-length entries of masks packed in words: no step by element.

Bit i of a mask is bit i % 64 of word i // 64. The plain twin is in tests/formats/naive_formats.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.kernel import kernel
from sparsesim.lowering.kernels import ones_of_word


@kernel
def _piece(words: NDArray[np.uint64], bit: int, length: int) -> np.uint64:
    # `length` bits from `bit` on, 1 to 64 and within one word.
    word = np.uint64(words[bit >> 6]) >> np.uint64(bit & 63)
    if length < 64:
        word &= (np.uint64(1) << np.uint64(length)) - np.uint64(1)
    return word


@kernel
def run_length_entries(
    words: NDArray[np.uint64],
    bit_offsets: NDArray[np.int64],
    bit_lengths: NDArray[np.int64],
    max_run: int,
) -> np.int64:
    """Entries of one block, which is its segments in order; a run of zeros goes on across them.

    Args:
        words: uint64; the packed masks.
        bit_offsets: int64, shape (segments,); the first bit of each segment.
        bit_lengths: int64, shape (segments,).
        max_run: zeros that one entry can skip before its value, 1 or more.
    Returns:
        int64 entries; zeros behind the last one need none.
    """
    one = np.uint64(1)
    stride = max_run + 1  # zeros that one entry without a value stands for
    entries = np.int64(0)
    run = np.int64(0)  # zeros since the last one
    for segment in range(bit_offsets.shape[0]):
        bit = bit_offsets[segment]
        end = bit + bit_lengths[segment]
        while bit < end:
            length = min(64 - (bit & 63), end - bit)
            word = _piece(words, bit, length)
            bit += length
            if word == 0:
                run += length
                continue
            below = ~word & (word - one)  # the zeros below the lowest one
            upto = word | (word >> one)  # everything up to the highest one
            upto |= upto >> np.uint64(2)
            upto |= upto >> np.uint64(4)
            upto |= upto >> np.uint64(8)
            upto |= upto >> np.uint64(16)
            upto |= upto >> np.uint64(32)
            run += ones_of_word(below)
            if run >= stride:
                entries += run // stride
            entries += ones_of_word(word)
            run = length - ones_of_word(upto)
            if stride > 62:
                continue  # no such run fits between two ones of a word
            starts = upto ^ word ^ below  # zeros between two ones
            covered = 1  # then: where `covered` zeros start; doubled up to `stride`
            while starts != 0 and covered < stride:
                step = min(covered, stride - covered)
                starts &= starts >> np.uint64(step)
                covered += step
            while starts != 0:  # take the lowest, drop those that overlap it
                entries += 1
                taken = ones_of_word(~starts & (starts - one)) + stride
                starts = (starts >> np.uint64(taken)) << np.uint64(taken)
    return entries


@kernel
def run_length_entries_of_blocks(
    words: NDArray[np.uint64],
    segment_starts: NDArray[np.int64],
    bit_offsets: NDArray[np.int64],
    bit_lengths: NDArray[np.int64],
    max_run: int,
) -> NDArray[np.int64]:
    """As `run_length_entries`, for many blocks over the same words.

    Args:
        segment_starts: int64, shape (blocks + 1,); block b is segments [starts[b], starts[b + 1]).
        words, bit_offsets, bit_lengths, max_run: as there.
    Returns:
        int64 entries, shape (blocks,).
    """
    blocks = segment_starts.shape[0] - 1
    entries = np.empty(blocks, np.int64)
    for block in range(blocks):
        first, behind = segment_starts[block], segment_starts[block + 1]
        entries[block] = run_length_entries(
            words, bit_offsets[first:behind], bit_lengths[first:behind], max_run
        )
    return entries


@kernel
def ones_of_blocks(
    words: NDArray[np.uint64],
    segment_starts: NDArray[np.int64],
    bit_offsets: NDArray[np.int64],
    bit_lengths: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Ones of each block; arguments as above.

    Returns:
        int64 ones, shape (blocks,).
    """
    blocks = segment_starts.shape[0] - 1
    ones = np.zeros(blocks, np.int64)
    for block in range(blocks):
        for segment in range(segment_starts[block], segment_starts[block + 1]):
            bit = bit_offsets[segment]
            end = bit + bit_lengths[segment]
            while bit < end:
                length = min(64 - (bit & 63), end - bit)
                ones[block] += ones_of_word(_piece(words, bit, length))
                bit += length
    return ones
