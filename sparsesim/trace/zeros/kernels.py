"""Counting values that differ from zero, or from a zero point, in one pass over memory."""

from __future__ import annotations

from sparsesim.kernel import kernel


@kernel
def nonzeros(values, zero):
    """Elements of a flat array that differ from `zero`, which is of its type; int64."""
    count = 0
    for i in range(values.size):
        count += values[i] != zero
    return count
