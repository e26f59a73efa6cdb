"""MatMulIntegerToFloat: a product of 8-bit integers, dequantised, and a bias."""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.integers import (
    Quantised,
    dequantised,
    ending_in_bias,
    integer_product,
    may_be_dequantised,
)


def rewrite(b: Builder) -> None:
    """MatMul behind DequantizeLinear nodes, or MatMulInteger where scales are computed."""
    b.needs_opset(10, "MatMulInteger")
    first = Quantised(b.input(0), b.input(2), b.input(4))
    second = Quantised(b.input(1), b.input(3), b.input(5))
    if first.channels(b) > 1:
        raise Uncovered("its first operand has a scale or a zero point for each row")
    if may_be_dequantised(b, first, second):
        weight = b.constant(second.integers)
        axis = weight.ndim - 1 if weight is not None else 1
        x, w = dequantised(b, first, "A"), dequantised(b, second, "B", axis)
        y = b.add("MatMul", x, w)
    else:
        unit = b.add("Mul", first.scale, second.scale, part="unit")
        y = integer_product(b, first, second, unit)
    ending_in_bias(b, y, b.input(6))
