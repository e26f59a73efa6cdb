"""Operand pairs of passes: how many there are, and in how many both operands are non-zero.

It depends on the operands alone, so one count serves all schemes and all accelerators that cut
the same passes. It knows no machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.datapath.steps import over_steps


@dataclass(frozen=True)
class Pairs:
    """Pairs of each of n passes, each field int64 of shape (n,).

    Attributes:
        all: filters * positions * elements of K.
        activation: those with a non-zero activation.
        weight: those with a non-zero weight.
        effectual: those with both.
    """

    all: NDArray[np.int64]
    activation: NDArray[np.int64]
    weight: NDArray[np.int64]
    effectual: NDArray[np.int64]


def count_pairs(
    act_words: NDArray[np.uint64],
    weight_words: NDArray[np.uint64],
    reduction: int,
    window: int,
    passes: NDArray[np.int64],
) -> Pairs:
    """Count the pairs of passes.

    Args:
        act_words: operand bits, shape (groups, positions, words of K bits).
        weight_words: operand bits, shape (weight sets, filters, words of K bits), of which each
            serves as many groups of activations, one behind the other, as there are more of them.
        reduction: K.
        window: elements of K in each of the windows that `passes` counts in, 1 to 64.
        passes: shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains.
    """
    from sparsesim.datapath.pairs.kernels import count_bits

    counts = np.empty((len(passes), 3), dtype=np.int64)
    groups, positions = act_words.shape[:2]
    steps = groups // len(weight_words)
    long = act_words.reshape(len(weight_words), steps * positions, -1)
    moved = over_steps(passes, steps, positions)
    count_bits(long, weight_words, moved, reduction, window, counts)
    filters, columns = passes[:, 2] - passes[:, 1], passes[:, 4] - passes[:, 3]
    elements = np.minimum(passes[:, 6] * window, reduction) - passes[:, 5] * window
    return Pairs(
        all=filters * columns * elements,
        activation=filters * counts[:, 0],
        weight=columns * counts[:, 1],
        effectual=counts[:, 2],
    )
