"""Softplus: log(1 + exp(x))."""

from __future__ import annotations

import math

from sparsesim.kernel import kernel

OP = "Softplus"


def numbers(node, constants):
    """It has none."""
    return ()


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    for i in range(x.size):
        # without overflow for large x
        x[i] = max(x[i], 0.0) + math.log1p(math.exp(-abs(x[i])))
