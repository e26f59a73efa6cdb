"""ThresholdedRelu: x above a, else 0."""

from __future__ import annotations

from sparsesim.elementwise import attribute
from sparsesim.kernel import kernel

OP = "ThresholdedRelu"


def numbers(node, constants):
    """Its alpha."""
    return (attribute(node, "alpha", 1.0),)


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    alpha = numbers[0]
    for i in range(x.size):
        if x[i] <= alpha:
            x[i] = 0.0
