"""Which row takes what: items' lengths from an operand's bits, dealt to rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Vectors:
    """One operand, as it is streamed: it depends on no parameter of an array.

    Attributes:
        words: its bits, uint64, shape (groups, vectors, words of K bits and one more).
        before: int32, the same shape: bits set in front of each word.
    """

    words: NDArray[np.uint64]
    before: NDArray[np.int32]


def count_before(words: NDArray[np.uint64]) -> Vectors:
    """Count the bits in front of each word, so that those of any block are two looks away."""
    from sparsesim.machines.stream.dealing.kernels import count_up

    before = np.empty(words.shape, dtype=np.int32)
    count_up(words, before)
    return Vectors(words, before)
