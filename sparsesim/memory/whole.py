"""Bits of a whole operand, encoded as one block."""

from __future__ import annotations

import numpy as np

from sparsesim.memory.blocks import Runs
from sparsesim.memory.plan import packing


def stored_bits(
    words: np.ndarray, elements: int, rows: int, value_bits: int, name: str, run_bits: int
) -> int:
    """Bits of a whole operand encoded as one block.

    Args:
        words: its packed bits, uint64.
        elements: of it.
        rows: of it as a matrix.
        value_bits: at which a value is priced.
        name: of the format.
        run_bits: of `run_length`.
    """
    if not elements:
        return 0
    start, count, columns = np.array([[0], [rows], [elements // rows]], dtype=np.int64)
    whole = Runs(words, start, count, columns, elements // rows)
    return int(packing(name, run_bits, value_bits).encoded_bits(whole)[0])
