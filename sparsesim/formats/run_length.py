"""`run_length`: entries (run, value): `run` zeros, then the value; trailing zeros are not stored.

A run is at most 2^run_bits - 1. Longer ones take entries (2^run_bits - 1, 0), each of which stands
for 2^run_bits zeros, since its value is a zero as well. Rows do not matter: the tensor is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sparsesim.formats.bits import BitReader, field_bits
from sparsesim.formats.format import Format, Ints, Option, Options, PackedBlocks


class RunLength(Format):
    """entries * (run_bits + value_bits)."""

    name = "run_length"
    summary = "zeros before each non-zero value, and the value"
    options: ClassVar[Mapping[str, Option]] = {
        "run_bits": Option(4, 1, 16, "bits of a run; a run is at most 2^run_bits - 1")
    }

    def bits_of_entries(self, entries: Ints, value_bits: int, run_bits: int) -> Ints:
        """Size in bits of so many entries, int64."""
        return entries * (run_bits + value_bits)

    def least_bits(self, nonzeros: Ints, value_bits: int, options: Options) -> Ints:
        return self.bits_of_entries(nonzeros, value_bits, options["run_bits"])  # one each

    def bits_of_mask(self, mask: NDArray[np.bool_], value_bits: int, options: Options) -> int:
        runs = _zero_runs(np.flatnonzero(mask))
        entries = np.asarray(len(runs) + np.sum(runs >> options["run_bits"]), dtype=np.int64)
        return int(self.bits_of_entries(entries, value_bits, options["run_bits"]))

    def bits_of_blocks(self, blocks: PackedBlocks, value_bits: int, options: Options) -> Ints:
        from sparsesim.formats.kernels import run_length_entries_of_blocks  # Numba is slow to load

        entries = run_length_entries_of_blocks(
            blocks.words,
            blocks.segment_starts,
            blocks.bit_offsets,
            blocks.bit_lengths,
            (1 << options["run_bits"]) - 1,
        )
        return self.bits_of_entries(entries, value_bits, options["run_bits"])

    def encode(
        self, codes: NDArray[np.uint64], value_bits: int, options: Options
    ) -> NDArray[np.uint8]:
        run_bits = options["run_bits"]
        flat = codes.reshape(-1)
        indices = np.flatnonzero(flat)
        zero_runs = _zero_runs(indices)
        last_entries = np.cumsum((zero_runs >> run_bits) + 1) - 1  # each value's, after its zeros'
        entries = last_entries[-1] + 1 if len(indices) else 0
        runs = np.full(entries, (1 << run_bits) - 1)
        runs[last_entries] = zero_runs & ((1 << run_bits) - 1)
        values = np.zeros(entries, np.uint64)
        values[last_entries] = flat[indices]
        return np.hstack([field_bits(runs, run_bits), field_bits(values, value_bits)]).reshape(-1)

    def decode(
        self, payload: BitReader, rows: int, columns: int, value_bits: int, options: Options
    ) -> NDArray[np.uint64]:
        widths = options["run_bits"], value_bits
        runs, values = payload.take_records(payload.left // sum(widths), widths)
        codes = np.zeros(rows * columns, np.uint64)
        codes[np.cumsum(runs.astype(np.int64) + 1) - 1] = values
        return codes.reshape(rows, columns)


def _zero_runs(indices: Ints) -> Ints:
    """Zeros before each non-zero, from the flat indices of the non-zeros."""
    return np.diff(indices, prepend=-1) - 1
