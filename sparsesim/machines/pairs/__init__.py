"""Operand pairs of passes: how many there are, and in how many both operands are non-zero.

It depends on the operands alone, so one count serves all schemes and all accelerators that cut
the same passes. It knows no machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.pairs.columns import ACTIVATION, EFFECTUAL, WEIGHT
from sparsesim.machines.passes import Passes


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

    @classmethod
    def of_zeros(cls, passes: Passes) -> Pairs:
        """Of passes whose operands are zeros alone."""
        none = np.zeros(len(passes), dtype=np.int64)
        return cls(passes.filters * passes.positions * passes.elements, none, none, none)

    def left(self, skips: frozenset[str]) -> NDArray[np.int64]:
        """Those that are multiplied where zeros of these operands are skipped."""
        if skips == {"activation", "weight"}:
            return self.effectual
        if "activation" in skips:
            return self.activation
        return self.weight if "weight" in skips else self.all


def count_pairs(
    act_words: NDArray[np.uint64],
    weight_words: NDArray[np.uint64],
    passes: Passes,
) -> Pairs:
    """Count the pairs of passes.

    Args:
        act_words: operand bits, shape (groups, positions, words of K bits).
        weight_words: operand bits, shape (weight sets, filters, words of K bits), of which each
            serves as many groups of activations, one behind the other, as there are more of them.
        passes: of the layer.
    """
    from sparsesim.machines.pairs.kernels import count_bits

    counts = np.empty((len(passes), 3), dtype=np.int64)
    groups, positions = act_words.shape[:2]
    steps = groups // len(weight_words)
    long = act_words.reshape(len(weight_words), steps * positions, -1)
    count_bits(long, weight_words, passes.over_steps(steps, positions).table, counts)
    return Pairs(
        all=passes.filters * passes.positions * passes.elements,
        activation=passes.filters * counts[:, ACTIVATION],
        weight=passes.positions * counts[:, WEIGHT],
        effectual=counts[:, EFFECTUAL],
    )
