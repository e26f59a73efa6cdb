"""Celu: max(0, x) + min(0, a (exp(x / a) - 1))."""

from __future__ import annotations

import math

from sparsesim.elementwise import attribute
from sparsesim.kernel import kernel

OP = "Celu"


def numbers(node, constants):
    """Its alpha."""
    return (attribute(node, "alpha", 1.0),)


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    alpha = numbers[0]
    for i in range(x.size):
        if x[i] < 0:
            x[i] = alpha * math.expm1(x[i] / alpha)
