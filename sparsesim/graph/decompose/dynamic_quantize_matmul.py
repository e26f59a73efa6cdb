"""DynamicQuantizeMatMul: the activation quantised to what it spans, an integer product, a bias."""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder
from sparsesim.graph.decompose.integers import Quantised, ending_in_bias, integer_product


def rewrite(b: Builder) -> None:
    """DynamicQuantizeLinear; MatMulInteger; the scales; Add where there is a bias."""
    b.needs_opset(11, "DynamicQuantizeLinear")
    parts = b.add_several("DynamicQuantizeLinear", b.input(0), part="A", outputs=["", "", ""])
    first = Quantised(*parts)
    second = Quantised(b.input(1), b.input(2), b.input(3))
    unit = b.add("Mul", first.scale, second.scale, part="unit")
    ending_in_bias(b, integer_product(b, first, second, unit), b.input(4))
