"""HardSwish: x max(0, min(1, x / 6 + 1/2))."""

from __future__ import annotations

from sparsesim.kernel import kernel

OP = "HardSwish"


def numbers(node, constants):
    """It has none."""
    return ()


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    for i in range(x.size):
        x[i] = x[i] * max(0.0, min(1.0, x[i] / 6.0 + 0.5))
