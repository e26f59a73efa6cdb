"""QGemm: a Gemm of 8-bit integers with an int32 bias, requantised or dequantised."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.integers import (
    Quantised,
    dequantised,
    integer_product,
    may_be_dequantised,
)

_BIAS_MAY_BE_ABSENT = 11


def rewrite(b: Builder) -> None:
    """Gemm between quantisers, or MatMulInteger and what scales its sums."""
    b.needs_opset(_BIAS_MAY_BE_ABSENT, "Gemm without a bias")
    first = Quantised(b.input(0), b.input(1), b.input(2))
    second = Quantised(b.input(3), b.input(4), b.input(5))
    if b.input(7) and not b.input(8):
        raise Uncovered("it has an output scale and no output zero point")
    if first.channels(b) > 1:
        raise Uncovered("its first operand has a scale or a zero point for each row")
    bias = _vector(b, second)
    if b.integer("transA", 0):
        turned = b.add("Transpose", first.integers, part="A/turned", perm=[1, 0])
        first = Quantised(turned, first.scale, first.zero)
    if may_be_dequantised(b, first, second) and (bias is not None or not b.input(6)):
        _between_quantisers(b, first, second, bias)
    else:
        _of_integers(b, first, second)


def _vector(b: Builder, second: Quantised) -> np.ndarray | None:
    """The bias as a vector along the columns, where it is a constant that is one."""
    bias, weight = b.constant(b.input(6)), b.constant(second.integers)
    if bias is None or weight is None or weight.ndim != 2 or bias.dtype != np.int32:
        return None
    columns = weight.shape[0 if b.integer("transB", 0) else 1]
    along = bias.shape[-1:] == (columns,) and bias.size == columns
    return np.broadcast_to(bias.reshape(-1), (columns,)) if along or bias.size == 1 else None


def _between_quantisers(b: Builder, first: Quantised, second: Quantised, bias) -> None:
    factor = np.float32(b.number("alpha", 1.0))
    turned = b.integer("transB", 0)
    inputs = [
        dequantised(b, first, "A", factor=factor),
        dequantised(b, second, "B", 0 if turned else 1),
    ]
    if bias is not None:
        unit = factor * b.known(first.scale).reshape(()) * b.known(second.scale).reshape(-1)
        integers = b.value(np.ascontiguousarray(bias), "C/integers")
        unscaled = Quantised(integers, b.value(unit, "C/unit"), "")
        inputs.append(dequantised(b, unscaled, "C", axis=0))
    requantised = b.input(7)
    y = b.add("Gemm", *inputs, transB=turned, output="" if requantised else b.output())
    if requantised:
        b.add("QuantizeLinear", y, requantised, b.input(8), part="Y", output=b.output())


def _of_integers(b: Builder, first: Quantised, second: Quantised) -> None:
    if b.integer("transB", 0):
        turned = b.add("Transpose", second.integers, part="B/turned", perm=[1, 0])
        second = Quantised(turned, second.scale, second.zero)
    scale = first.scale
    factor = b.number("alpha", 1.0)
    if factor != 1.0:
        alpha = b.value(np.array(factor, np.float32), "alpha")
        scale = b.add("Mul", alpha, scale, part="A/scale")
    unit = b.add("Mul", scale, second.scale, part="unit")
    if b.input(7):  # one rounding: by the output's unit, then to integers
        unit = b.add("Div", unit, b.input(7), part="unit/out")
    y = integer_product(b, first, second, unit, b.input(6))
    if b.input(7):
        one = b.value(np.array(1, np.float32), "Y/one")
        b.add("QuantizeLinear", y, one, b.input(8), part="Y", output=b.output())
    else:
        b.nodes[-1].output[0] = b.output()
