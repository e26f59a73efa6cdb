"""What EIE's own cycle simulator says: one position, the bias as its last activation.

Source: docs/machines/broadcast.md, "The published simulator"; Han et al., EIE, ISCA 2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.broadcast.entries import entries_of
from sparsesim.machines.broadcast.parameters import BroadcastArray

PIPELINE_CYCLES = 7
"""That it adds behind the last work."""

Numbers = NDArray[np.integer]


def published_cycles(
    activations: Numbers, weights: Numbers, biases: Numbers, array: BroadcastArray
) -> int:
    """Cycles of a fully connected layer at one position.

    Args:
        activations: shape (K,); those above 0 are broadcast.
        weights: shape (filters, K).
        biases: shape (filters,).
        array: its PEs, queues and runs count; its sums and units do not.
    """
    act, weight = with_bias(activations, weights, biases, array.pes)
    n = np.maximum(1, entries_of(weight != 0, array.pes, array.entry_run_bits).astype(np.int64))
    looks_before = 0  # g: looks that found nothing since the last activation was sent
    push = -1
    pops: list[int] = []
    end = np.full(array.pes, -1)  # the cycle behind a PE's work is pop + max(1, n)
    for first in range(0, act.shape[1], array.pes):
        row = act[0, first : first + array.pes]
        for k in first + np.flatnonzero(row):
            push += 1 + looks_before
            looks_before = 0
            if len(pops) >= array.queue_depth - 1:
                push = max(push, pops[-(array.queue_depth - 1)] + 1)
            pop = np.maximum(push + 1, end)
            pops.append(int(pop.max()))
            end = pop + n[k]
        looks_before += int(len(row) < array.pes or row[-1] == 0)
    return int(end.max()) + PIPELINE_CYCLES


def with_bias(
    activations: Numbers, weights: Numbers, biases: Numbers, pes: int
) -> tuple[Numbers, Numbers]:
    """A layer with its bias as the first element of a further row of activations.

    Returns:
        activations of shape (1, K'), those below 0 set to 0; weights of shape (filters, K'); K' is
        K filled up to whole rows, and one more.
    """
    filled = -(-len(activations) // pes) * pes
    act = np.zeros((1, filled + 1), activations.dtype)
    act[0, : len(activations)], act[0, filled] = np.maximum(activations, 0), 1
    weight = np.zeros((len(weights), filled + 1), weights.dtype)
    weight[:, : len(activations)], weight[:, filled] = weights, biases
    return act, weight
