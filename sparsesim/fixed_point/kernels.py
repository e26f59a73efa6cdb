"""Kernels of the fixed-point execution: requantising, lowering values, watching running sums."""

from __future__ import annotations

import numpy as np

from sparsesim.fixed_point.columns import HIGH, LOW, RELU, THRESHOLD, ZERO_POINT
from sparsesim.kernel import kernel
from sparsesim.lowering.columns import (
    CHANNELS,
    DILATION,
    GROUP_STRIDE,
    INPUT_SHAPE,
    INSERT,
    KERNEL,
    OUTPUT_SHAPE,
    PAD,
    PIXEL_STRIDE,
    STRIDE,
)
from sparsesim.lowering.kernels import along_axes, met_at


@kernel
def requantise(sums, bias, multiplier, shift, numbers, out):
    """Output values of sums.

    Args:
        sums: int64, (filters, positions).
        bias: int64, (filters,), 32 bits. multiplier: uint64, 32 bits. shift: int64, 0 to 63.
        numbers: int64, (5,), see `columns`.
        out: int16, (filters, positions).
    """
    for m in range(sums.shape[0]):
        for p in range(sums.shape[1]):
            y = scaled(sums[m, p], bias[m], multiplier[m], shift[m])
            if numbers[RELU] != 0 and y < 0:
                y = np.int64(0)
            if -numbers[THRESHOLD] <= y and y <= numbers[THRESHOLD]:
                y = np.int64(0)
            out[m, p] = min(max(y + numbers[ZERO_POINT], numbers[LOW]), numbers[HIGH])


@kernel
def scaled(total, bias, multiplier, shift):
    """(total + bias) * multiplier / 2^shift, rounded half to even; beyond 2^62 it stays there.

    The product has up to 97 bits: it is made as a magnitude in two parts, high * 2^32 + low.
    Rounding half to even does not depend on the sign.
    """
    if (total < 0) == (bias < 0):  # their sum may need 65 bits
        negative = total < 0
        size = magnitude(total) + magnitude(bias)
    else:
        negative = total + bias < 0
        size = magnitude(total + bias)
    low32 = np.uint64(0xFFFFFFFF)
    one = np.uint64(1)
    most = np.uint64(1) << np.uint64(62)
    low = (size & low32) * multiplier
    high = (size >> np.uint64(32)) * multiplier + (low >> np.uint64(32))
    low &= low32
    # `rest` is what the shift drops, `half` half of its weight; below it `tail`, if not zero.
    tail = np.uint64(0)
    if shift == 0:
        beyond = high >> np.uint64(30) != 0
        whole = most if beyond else (high << np.uint64(32)) | low
        rest, half = np.uint64(0), one
    elif shift <= 32:
        beyond = high >> np.uint64(min(shift + 30, 63)) != 0
        whole = high if shift == 32 else (high << np.uint64(32 - shift)) | (low >> np.uint64(shift))
        whole = most if beyond else whole
        half = one << np.uint64(shift - 1)
        rest = low & ((half << one) - one)
    else:
        whole = high >> np.uint64(shift - 32)
        half = one << np.uint64(shift - 33)
        rest = high & ((half << one) - one)
        tail = low
    if rest > half or (rest == half and (tail != 0 or whole & one != 0)):
        whole += one
    whole = min(whole, most)
    return -np.int64(whole) if negative else np.int64(whole)


@kernel
def magnitude(value):
    """|value| of an int64, as uint64; also of the least one."""
    if value >= 0:
        return np.uint64(value)
    return np.uint64(-(value + 1)) + np.uint64(1)


@kernel
def lower_values(values, geometry, group, first, out):
    """Gather the operands of positions: row p of `out` is the K values of position first + p.

    The values stand where `sparsesim.lowering.kernels.lower_activations` puts their bits.

    Args:
        values: int16, flat, in the operand's order.
        geometry: `Geometry.array()`.
        group: which group.
        first: first position.
        out: int16, (positions, K), all zero on entry.
    """
    channels, pixel_stride = geometry[CHANNELS], geometry[PIXEL_STRIDE]
    base = group * geometry[GROUP_STRIDE]
    in_n, in_d, in_h, in_w = along_axes(geometry, INPUT_SHAPE)
    _, out_d, out_h, out_w = along_axes(geometry, OUTPUT_SHAPE)
    k_n, k_d, k_h, k_w = along_axes(geometry, KERNEL)
    stride_n, stride_d, stride_h, stride_w = along_axes(geometry, STRIDE)
    apart_n, apart_d, apart_h, apart_w = along_axes(geometry, DILATION)
    pad_n, pad_d, pad_h, pad_w = along_axes(geometry, PAD)
    insert_n, insert_d, insert_h, insert_w = along_axes(geometry, INSERT)
    for row in range(out.shape[0]):
        position = first + row
        ow = position % out_w
        oh = position // out_w % out_h
        od = position // (out_w * out_h) % out_d
        on = position // (out_w * out_h * out_d)
        at = 0
        for kn in range(k_n):
            n = met_at(on * stride_n + kn * apart_n - pad_n, insert_n, in_n)
            for kd in range(k_d):
                d = met_at(od * stride_d + kd * apart_d - pad_d, insert_d, in_d)
                for kh in range(k_h):
                    h = met_at(oh * stride_h + kh * apart_h - pad_h, insert_h, in_h)
                    for kw in range(k_w):
                        w = met_at(ow * stride_w + kw * apart_w - pad_w, insert_w, in_w)
                        if n >= 0 and d >= 0 and h >= 0 and w >= 0:
                            pixel = ((n * in_d + d) * in_h + h) * in_w + w
                            start = base + pixel * pixel_stride
                            for c in range(channels):
                                out[row, at + c] = values[start + c]
                        at += channels


@kernel
def overflows(activations, weights, order, suspects, out):
    """Did a running sum leave the accumulator after some multiply cycle?

    A cycle multiplies up to `lanes` of a block's pairs, in the order of K, of those pairs that the
    scheme multiplies: see `machines.sum_order`.

    Args:
        activations: int16, (positions, K). weights: int16, (filters, K).
        order: int64, (5,): block, lanes, are zero activations skipped, are zero weights skipped,
            accumulator bits up to 63.
        suspects: bool, (filters, positions): which sums to watch.
        out: bool, (filters, positions), all False on entry.
    """
    block, lanes, skips_activations, skips_weights, bits = order
    high = (np.int64(1) << (bits - 1)) - 1
    low = -high - 1
    reduction = weights.shape[1]
    for m in range(weights.shape[0]):
        for p in range(activations.shape[0]):
            if not suspects[m, p]:
                continue
            total = np.int64(0)
            taken = 0
            for k in range(reduction):
                a, w = np.int64(activations[p, k]), np.int64(weights[m, k])
                skipped = (skips_activations != 0 and a == 0) or (skips_weights != 0 and w == 0)
                if not skipped:
                    total += a * w
                    taken += 1
                ends = (k + 1) % block == 0 or k + 1 == reduction
                if taken == lanes or (ends and taken > 0):
                    taken = 0
                    if total < low or total > high:
                        out[m, p] = True
                        break
