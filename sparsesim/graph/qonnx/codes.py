"""Integers behind a DequantizeLinear: the form in which layers take quantised operands."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.qonnx.lowering import Lowering


def kind_of(low: float, high: float) -> np.dtype | None:
    """The 8-bit type that holds all whole numbers from low to high, or None."""
    for kind in (np.dtype(np.int8), np.dtype(np.uint8)):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return kind
    return None


def along_axis(scale: np.ndarray, rank: int) -> tuple[np.ndarray, int | None] | None:
    """A scale as DequantizeLinear takes it, and its axis; None where it has no such form.

    Args:
        scale: as it broadcasts against a tensor.
        rank: of that tensor.
    """
    if scale.size == 1:
        return scale.reshape(()).astype(np.float32), None
    long = [axis for axis, length in enumerate(scale.shape) if length > 1]
    if len(long) != 1 or scale.ndim > rank:
        return None
    return scale.reshape(-1).astype(np.float32), long[0] + rank - scale.ndim


def dequantise(
    work: Lowering, codes: str, scale: np.ndarray, zero: int, kind: np.dtype, output: str, rank: int
) -> bool:
    """Append the DequantizeLinear that gives `output`; False where the scale has no such form."""
    found = along_axis(scale, rank)
    if found is None:
        return False
    scale, axis = found
    zeros = np.full(scale.shape, zero, kind)
    inputs = [codes, work.hold(scale, "scale", output), work.hold(zeros, "zero", output)]
    more = {} if axis is None else {"axis": axis}
    work.give("DequantizeLinear", inputs, output, **more)
    return True


def hold_constant(
    work: Lowering, codes: np.ndarray, scale: np.ndarray, zero: float, bits: int, output: str
) -> None:
    """A constant operand: its integers where they fit, else its real values; and its width."""
    real = ((codes - np.float32(zero)) * scale).astype(np.float32)
    kind = kind_of(min(codes.min(initial=0), zero), max(codes.max(initial=0), zero))
    work.know(output, real)
    if kind is not None and zero == round(zero) and along_axis(scale, codes.ndim) is not None:
        name = work.hold(codes.astype(kind), "codes", output)
        work.widths[name] = bits
        dequantise(work, name, scale, int(zero), kind, output, codes.ndim)
        return
    work.hold_as(real, output)
    work.widths[output] = bits
