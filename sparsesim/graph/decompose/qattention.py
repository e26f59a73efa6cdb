"""QAttention: com.microsoft's Attention, its projections products of 8-bit integers."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.integers import (
    Quantised,
    dequantised,
    integer_product,
    may_be_dequantised,
)
from sparsesim.graph.decompose.microsoft_attention import projected_attention

_INPUT, _WEIGHT, _BIAS, _SCALE, _WEIGHT_SCALE, _MASK, _ZERO, _WEIGHT_ZERO, _PAST = range(9)
_NOWHERE = 99


def rewrite(b: Builder) -> None:
    """Three integer products of the input, and attention of floats over heads."""
    b.needs_opset(10, "MatMulInteger")
    weight = b.known(b.input(_WEIGHT))
    scale = b.known(b.input(_WEIGHT_SCALE)).reshape(-1)
    zero = b.known(b.input(_WEIGHT_ZERO)).reshape(-1) if b.input(_WEIGHT_ZERO) else None
    vectors = [vector for vector in (scale, zero) if vector is not None]
    if weight.ndim != 2 or any(v.size not in (1, weight.shape[1]) for v in vectors):
        raise Uncovered("the scales of its weight are not one for each column")
    first = Quantised(b.input(_INPUT), b.input(_SCALE), b.input(_ZERO))
    if first.channels(b) > 1:
        raise Uncovered("its input has a scale or a zero point for each row")
    real: list[str] = []

    def project(part: str, columns: slice) -> str:
        cut = lambda v: v if v.size == 1 else v[columns]  # noqa: E731
        second = Quantised(
            b.value(np.ascontiguousarray(weight[:, columns]), f"{part}/weight"),
            b.value(_shaped(cut(scale)), f"{part}/weight/scale"),
            b.value(_shaped(cut(zero)), f"{part}/weight/zero") if zero is not None else "",
        )
        if may_be_dequantised(b, first, second):
            if not real:
                real.append(dequantised(b, first, "input"))
            return b.add("MatMul", real[0], dequantised(b, second, f"{part}/B"), part=part)
        unit = b.add("Mul", first.scale, second.scale, part=f"{part}/unit")
        return integer_product(b, first, second, unit, part=part)

    projected_attention(b, weight, project, (_BIAS, _MASK, _PAST, _NOWHERE))


def _shaped(vector: np.ndarray) -> np.ndarray:
    return vector.reshape(()) if vector.size == 1 else vector
