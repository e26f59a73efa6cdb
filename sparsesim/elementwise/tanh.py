"""Tanh: the hyperbolic tangent."""

from __future__ import annotations

import math

from sparsesim.kernel import kernel

OP = "Tanh"


def numbers(node, constants):
    """It has none."""
    return ()


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    for i in range(x.size):
        x[i] = math.tanh(x[i])
