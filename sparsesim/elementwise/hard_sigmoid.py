"""HardSigmoid: max(0, min(1, a x + b))."""

from __future__ import annotations

from sparsesim.elementwise import attribute
from sparsesim.kernel import kernel

OP = "HardSigmoid"


def numbers(node, constants):
    """Its alpha and beta."""
    return (attribute(node, "alpha", 0.2), attribute(node, "beta", 0.5))


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    alpha, beta = numbers
    for i in range(x.size):
        x[i] = max(0.0, min(1.0, alpha * x[i] + beta))
