"""Which weights a pass holds: all, or n of each block of m along K, each with a choice of one of
the block's activations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.systolic.parameters import SystolicArray

Lines = NDArray[np.int16]


def obeys(weights: Lines, array: SystolicArray) -> bool:
    """Whether no block of m weights has more than n non-zeros.

    Args:
        weights: (filters, K).
        array: its parameters.
    """
    n, m = array.kept_of_block
    return bool(((_blocks(weights, m) != 0).sum(axis=2) <= n).all())


def select(weights: Lines, array: SystolicArray) -> tuple[Lines, Lines]:
    """The weights of each block that are held, in order, and where in it each was; zeros where a
    block has fewer.

    Args:
        weights: (filters, K), which obeys; of a short last block as many as it can hold.
        array: its parameters.
    Returns:
        two of shape (filters, elements held).
    """
    n, m = array.kept_of_block
    blocks = _blocks(weights, m)
    # Non-zeros first, in their order.
    choices = np.argsort(blocks == 0, axis=2, kind="stable")[..., :n].astype(np.int16)
    held = np.take_along_axis(blocks, choices.astype(np.int64), axis=2)
    count = _held(weights.shape[1], n, m)
    choices = np.where(held != 0, choices, 0).astype(np.int16)
    shape = len(weights), -1
    return held.reshape(shape)[:, :count], choices.reshape(shape)[:, :count]


def blocks_of(activations: Lines, array: SystolicArray) -> NDArray[np.int16]:
    """The block of activations that each held weight chooses from.

    Args:
        activations: (positions, K).
        array: its parameters.
    Returns:
        (positions, elements held, m).
    """
    n, m = array.kept_of_block
    repeated = np.repeat(_blocks(activations, m), n, axis=1)
    return repeated[:, : _held(activations.shape[1], n, m)]


def _held(elements: int, n: int, m: int) -> int:
    """As `structure.kept`."""
    return elements // m * n + min(elements % m, n)


def _blocks(lines: Lines, m: int) -> Lines:
    """(lines, K) as (lines, blocks, m), zeros behind the last."""
    count = -(-lines.shape[1] // m)
    padded = np.zeros((len(lines), count * m), lines.dtype)
    padded[:, : lines.shape[1]] = lines
    return padded.reshape(len(lines), count, m)
