"""Requantising: a sum of products becomes an output value, as the post-processing unit does it.

One multiplication by a 32-bit number and one rounding shift stand for the scale of a layer; ONNX
multiplies by a float instead. `scale_of` finds the number and the shift, `requantise` applies them.

Source: docs/model.md, "Fixed-point execution".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesim.errors import ModelError
from sparsesim.fixed_point import columns, kernels

MULTIPLIER_BITS = 32
LARGEST_SHIFT = 63
VALUE_BITS = 8  # of an output value


def scale_of(
    real: ArrayLike, layer: str = "a layer"
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """The multiplier and the shift nearest to a real scale: multiplier / 2^shift.

    Args:
        real: scales, float64, any shape; 0 to below 2^32.
        layer: whose scales they are, for the error.
    Returns:
        multiplier, uint32, and shift, uint8, 0 to 63; of the shape of `real`. From 2^-32 up the
        multiplier's top bit is set: exact for up to 32 significant bits, so for every float32.
        Below, the shift stays 63 and the scale is a multiple of 2^-63 (quantisers give such to a
        filter of zeros): off by 2^-64 at most, 2^-33 of an output step for a sum of 32 bits.
    Raises:
        ModelError: a scale out of that range, or not a number.
    """
    scales = np.asarray(real, dtype=np.float64)
    allowed = (scales >= 0) & (scales < 2.0**MULTIPLIER_BITS)
    if not allowed.all():
        raise ModelError(
            f"{layer}: requantising by {float(scales[~allowed].flat[0])!r} is out of range; the "
            "datapath scales by 0 to below 2^32"
        )
    _, exponent = np.frexp(scales)  # scale = fraction * 2^exponent, 0.5 <= fraction < 1
    shift = np.minimum(MULTIPLIER_BITS - exponent.astype(np.int64), LARGEST_SHIFT)
    multiplier = np.rint(np.ldexp(scales, shift)).astype(np.int64)
    rounded_up = multiplier == 1 << MULTIPLIER_BITS
    multiplier = np.where(rounded_up, multiplier >> 1, multiplier)
    shift = np.where(rounded_up, shift - 1, shift)
    # Just below 2^32 the next number up cannot be had: the largest one is nearest.
    multiplier = np.where(shift < 0, (1 << MULTIPLIER_BITS) - 1, multiplier)
    return multiplier.astype(np.uint32), np.maximum(shift, 0).astype(np.uint8)


def requantise(
    sums: NDArray[np.int64],
    bias: ArrayLike,
    multiplier: ArrayLike,
    shift: ArrayLike,
    relu: bool,
    threshold: int,
    zero_point: int,
    low: int,
    high: int,
) -> NDArray[np.int16]:
    """Output values of sums, exactly as the post-processing unit computes them.

    v = sum + bias; y = v * multiplier / 2^shift, rounded half to even; ReLU makes a negative y 0,
    the threshold every y with |y| <= threshold; z = y + zero_point, clamped to low .. high.

    Args:
        sums: int64, (..., filters, positions), of any accumulator of up to 64 bits.
        bias: whole numbers, (..., filters) or what broadcasts to it, 32 bits signed.
        multiplier: uint32, likewise. shift: 0 to 63, likewise.
        relu: is there a ReLU?
        threshold: in output steps, 0 to 511; 0 changes nothing.
        zero_point, low, high: 9 bits signed, so that they hold int8's and uint8's.
    Returns:
        int16 z of the shape of `sums`; exact for every sum, bias, multiplier and shift of these
        ranges. The stored value is its low 8 bits; its bit in the mask is z != zero_point.
    """
    filters = sums.shape[:-1]
    rows = np.ascontiguousarray(sums, dtype=np.int64).reshape(int(np.prod(filters)), -1)
    vectors = [
        np.ascontiguousarray(np.broadcast_to(np.asarray(vector), filters), dtype=kind).reshape(-1)
        for vector, kind in ((bias, np.int64), (multiplier, np.uint64), (shift, np.int64))
    ]
    numbers = np.empty(5, dtype=np.int64)
    numbers[columns.RELU], numbers[columns.THRESHOLD] = relu, threshold
    numbers[columns.ZERO_POINT] = zero_point
    numbers[columns.LOW], numbers[columns.HIGH] = low, high
    out = np.empty(rows.shape, dtype=np.int16)
    kernels.requantise(rows, *vectors, numbers, out)
    return out.reshape(sums.shape)
