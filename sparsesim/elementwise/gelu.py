"""Gelu: x times the normal distribution function of x, exact or by its tanh approximation."""

from __future__ import annotations

import math

from sparsesim.kernel import kernel

OP = "Gelu"


def numbers(node, constants):
    """1 where the tanh approximation is asked for, else 0."""
    for entry in node.attribute:
        if entry.name == "approximate":
            return (float(entry.s == b"tanh"),)
    return (0.0,)


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    if numbers[0] == 0.0:
        for i in range(x.size):
            x[i] = 0.5 * x[i] * (1.0 + math.erf(x[i] * math.sqrt(0.5)))
    else:
        scale = math.sqrt(2.0 / math.pi)
        for i in range(x.size):
            x[i] = 0.5 * x[i] * (1.0 + math.tanh(scale * (x[i] + 0.044715 * x[i] ** 3)))
