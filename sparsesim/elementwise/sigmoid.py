"""Sigmoid: 1 / (1 + exp(-x))."""

from __future__ import annotations

import math

from sparsesim.kernel import kernel

OP = "Sigmoid"


def numbers(node, constants):
    """It has none."""
    return ()


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    for i in range(x.size):
        x[i] = 1.0 / (1.0 + math.exp(-x[i]))
