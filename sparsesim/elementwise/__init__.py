"""Element-wise operators that are fused behind a MAC layer: one operator a file.

A file has `OP`, its ONNX name; `numbers(node, constants)`, the operator's parameters as floats, or
None where this node can't be fused; and `kernel_`, which works in place on a flat array of floats.
Quantising and dequantising are not here: they change the type (engine/epilogue.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import onnx

Numbers = tuple[float, ...]


class Elementwise(Protocol):
    """What each file of this package offers."""

    OP: str
    kernel_: Any

    def numbers(
        self, node: onnx.NodeProto, constants: Mapping[str, np.ndarray]
    ) -> Numbers | None: ...


# ONNX operator -> module here. Kept by hand so that naming an operator does not import Numba.
MODULES = {
    "Abs": "abs",
    "Celu": "celu",
    "Clip": "clip",
    "Elu": "elu",
    "Gelu": "gelu",
    "HardSigmoid": "hard_sigmoid",
    "HardSwish": "hard_swish",
    "LeakyRelu": "leaky_relu",
    "Mish": "mish",
    "Relu": "relu",
    "Selu": "selu",
    "Shrink": "shrink",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "ThresholdedRelu": "thresholded_relu",
}


@cache
def find(op: str) -> Elementwise:
    """The operator of that ONNX name; KeyError where none is."""
    return import_module(f"{__name__}.{MODULES[op]}")  # type: ignore[return-value]


def attribute(node: onnx.NodeProto, name: str, default: float) -> float:
    """A float attribute of a node, or its default."""
    for entry in node.attribute:
        if entry.name == name:
            return float(entry.f)
    return default
