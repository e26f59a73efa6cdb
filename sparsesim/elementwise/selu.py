"""Selu: gamma x above zero, gamma a (exp(x) - 1) below."""

from __future__ import annotations

import math

from sparsesim.elementwise import attribute
from sparsesim.kernel import kernel

OP = "Selu"


def numbers(node, constants):
    """Its alpha and gamma."""
    return (
        attribute(node, "alpha", 1.6732631921768188),
        attribute(node, "gamma", 1.0507010221481323),
    )


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    alpha, gamma = numbers
    for i in range(x.size):
        if x[i] > 0:
            x[i] = gamma * x[i]
        else:
            x[i] = gamma * alpha * math.expm1(x[i])
