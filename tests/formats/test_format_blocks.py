"""Sizes of many packed blocks at once, and the kernels behind them, against plain twins."""

from __future__ import annotations

import naive_formats
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.formats import FORMATS, CountedFormat, Format, PackedBlocks, encoded_bits
from sparsesim.formats.kernels import run_length_entries, run_length_entries_of_blocks


def pack(mask: np.ndarray) -> np.ndarray:
    """A flat mask as words, bit 0 lowest."""
    octets = np.packbits(mask, bitorder="little")
    return np.pad(octets, (0, -len(octets) % 8)).view(np.uint64)


@st.composite
def masks(draw):
    """A flat mask of runs: long and short, of zeros, ones and noise."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pieces = [np.empty(0, bool)]
    for density, length in draw(
        st.lists(st.tuples(st.sampled_from((0.0, 0.05, 0.5, 0.95, 1.0)), st.integers(1, 200)))
    ):
        pieces.append(rng.random(length) < density)
    return np.concatenate(pieces)


@st.composite
def blocks(draw):
    """A mask and blocks of segments anywhere in it, some empty."""
    mask = draw(masks())
    one = st.tuples(st.integers(0, len(mask)), st.integers(0, len(mask))).map(sorted)
    listed = draw(st.lists(st.lists(one, max_size=5), max_size=4))
    segments = [segment for block in listed for segment in block]
    starts = np.cumsum([0] + [len(block) for block in listed])
    offsets = np.array([low for low, _ in segments], np.int64)
    lengths = np.array([high - low for low, high in segments], np.int64)
    flat = [np.concatenate([mask[:0]] + [mask[a:b] for a, b in block]) for block in listed]
    rows = np.array([draw(st.sampled_from(_divisors(len(part)))) for part in flat], np.int64)
    return PackedBlocks(pack(mask), starts, offsets, lengths, rows), flat


def _divisors(count: int) -> list[int]:
    return [rows for rows in range(1, max(count, 1) + 1) if count % rows == 0]


@settings(max_examples=200, deadline=None)
@given(masks(), st.sampled_from((1, 2, 3, 7, 15, 31, 61, 62, 63, 127, 65535)))
def test_entries_of_one_segment(mask, max_run):
    entries = run_length_entries(
        pack(mask), np.array([0]), np.array([len(mask)], np.int64), max_run
    )
    assert entries == naive_formats.run_length_entries(mask.tolist(), max_run)


@settings(max_examples=150, deadline=None)
@given(blocks(), st.sampled_from((1, 5, 15, 63, 255)))
def test_entries_of_blocks_go_on_across_segments(packed_and_flat, max_run):
    packed, flat = packed_and_flat
    entries = run_length_entries_of_blocks(
        packed.words, packed.segment_starts, packed.bit_offsets, packed.bit_lengths, max_run
    )
    twin = [naive_formats.run_length_entries(mask.tolist(), max_run) for mask in flat]
    assert entries.tolist() == twin


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(blocks())
def test_bits_of_blocks_are_those_of_each(name, packed_and_flat):
    packed, flat = packed_and_flat
    chosen = FORMATS[name]
    options = chosen.checked_options({})
    sizes = chosen.bits_of_blocks(packed, 8, options)
    assert sizes.dtype == np.int64
    assert sizes.tolist() == [
        encoded_bits(mask.reshape(rows, -1) if mask.size else mask.reshape(rows, 0), name)
        for mask, rows in zip(flat, packed.rows, strict=True)
    ]
    # What a registered format gets that sizes one mask only.
    assert Format.bits_of_blocks(chosen, packed, 8, options).tolist() == sizes.tolist()


def test_worked_segments():
    # Bits 0..63: only bit 3; the block is [60, 64) after [0, 4): one at 3, then 4 trailing zeros.
    words = np.array([8], np.uint64)
    offsets, lengths = np.array([0, 60]), np.array([4, 4])
    assert run_length_entries(words, offsets, lengths, 3) == 1
    # The other way round the run is 4 + 3 = 7 zeros: (3, 0), (3, value).
    assert run_length_entries(words, offsets[::-1].copy(), lengths, 3) == 2
    assert run_length_entries(words, offsets[::-1].copy(), lengths, 7) == 1


def test_bits_of_count_is_vectorised():
    # 10 of 10 columns; 1 row of 1; 2^20 rows of 2^20 columns with none; all at 4 bits.
    rows = np.array([[3], [1], [1 << 20]])
    columns = np.array([[10], [1], [1 << 20]])
    nonzeros = np.array([[10, 0], [1, 0], [0, 1]])
    sizes = {
        name: chosen.bits_of_count(rows, columns, nonzeros, 4).tolist()
        for name, chosen in FORMATS.items()
        if isinstance(chosen, CountedFormat)
    }
    assert sizes == {
        "dense": [[120, 120], [4, 4], [1 << 42, 1 << 42]],
        "bitmask": [[70, 30], [5, 1], [1 << 40, (1 << 40) + 4]],
        # Pointers of ceil(log2(31)) = 5, 1 and 41 bits; indices of 4, 0 and 20.
        "csr": [[4 * 5 + 80, 20], [2 + 4, 2], [(2**20 + 1) * 41, (2**20 + 1) * 41 + 24]],
        "coordinate": [[10 * 9, 0], [4, 0], [0, 44]],
    }


def test_bits_of_entries():
    run_length = FORMATS["run_length"]
    assert run_length.bits_of_entries(np.array([0, 3]), 8, 5).tolist() == [0, 39]
