"""FusedGemm: a Gemm and an activation."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.activations import activate, parameters
from sparsesim.graph.decompose.builder import Builder

GEMM = ("alpha", "beta", "transA", "transB")
_BIAS_MAY_BE_ABSENT = 11


def rewrite(b: Builder) -> None:
    """Gemm, then the activation."""
    activation = b.text("activation")
    values = [b.number(f"activation_{name}") for name in parameters(activation)]
    bias = b.input(2)
    if not bias and b.facts.opset < _BIAS_MAY_BE_ABSENT:
        bias = b.value(np.zeros(1, b.kind(b.input(0))), "bias")
    x = b.add("Gemm", b.input(0), b.input(1), bias, **b.kept(*GEMM))
    activate(b, x, activation, values, b.output())
