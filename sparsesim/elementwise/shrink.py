"""Shrink: 0 where |x| <= lambd, else x moved towards zero by bias."""

from __future__ import annotations

import numpy as np

from sparsesim.elementwise import attribute
from sparsesim.kernel import kernel

OP = "Shrink"


def numbers(node, constants):
    """Its lambd and bias."""
    return (attribute(node, "lambd", 0.5), attribute(node, "bias", 0.0))


@kernel
def kernel_(x, numbers):
    """Apply in place to a flat float array; `numbers` float64, as above."""
    # float32 as ONNX has it: a threshold is compared in the precision of the values
    exact_lambd, exact_bias = numbers
    lambd, bias = np.float32(exact_lambd), np.float32(exact_bias)
    for i in range(x.size):
        if x[i] < -lambd:
            x[i] = x[i] + bias
        elif x[i] > lambd:
            x[i] = x[i] - bias
        else:
            x[i] = 0.0
