"""Softsign: x / (1 + |x|)."""

from __future__ import annotations

from sparsesim.kernel import kernel

OP = "Softsign"


def numbers(node, constants):
    """It has none."""
    return ()


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    for i in range(x.size):
        x[i] = x[i] / (1.0 + abs(x[i]))
