"""Clip: min(max(x, low), high), both constant."""

from __future__ import annotations

import math

from sparsesim.kernel import kernel

OP = "Clip"


def numbers(node, constants):
    """Its low and high, from attributes (opset 6) or constant inputs; None where computed."""
    bounds = [-math.inf, math.inf]
    for entry in node.attribute:
        if entry.name in ("min", "max"):
            bounds[entry.name == "max"] = float(entry.f)
    for index, name in enumerate(node.input[1:3]):
        if not name:
            continue
        if name not in constants:
            return None
        bounds[index] = float(constants[name].reshape(-1)[0])
    return tuple(bounds)


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    low, high = numbers
    for i in range(x.size):
        x[i] = min(max(x[i], low), high)
