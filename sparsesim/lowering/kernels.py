"""Kernels on packed bits: gathering those of a lowered layer, copying and counting them."""

from __future__ import annotations

import numpy as np

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


@kernel
def lower_activations(words, geometry, group, first, out):
    """Gather the operand strings of positions: row p of `out` is the K bits of position first + p.

    Args:
        words: activation bits, little-endian in uint64, one word longer than the bits need.
        geometry: `Geometry.array()`.
        group: which group.
        first: first position.
        out: uint64, shape (positions, words of K bits), all zero on entry.
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
    # Neighbouring taps of a kernel row that lie side by side are copied at once.
    side_by_side = pixel_stride == channels and apart_w == 1 and insert_w == 1
    for row in range(out.shape[0]):
        position = first + row
        ow = position % out_w
        oh = position // out_w % out_h
        od = position // (out_w * out_h) % out_d
        on = position // (out_w * out_h * out_d)
        left = ow * stride_w - pad_w
        at = 0
        for kn in range(k_n):
            n = met_at(on * stride_n + kn * apart_n - pad_n, insert_n, in_n)
            for kd in range(k_d):
                d = met_at(od * stride_d + kd * apart_d - pad_d, insert_d, in_d)
                for kh in range(k_h):
                    h = met_at(oh * stride_h + kh * apart_h - pad_h, insert_h, in_h)
                    if n >= 0 and d >= 0 and h >= 0:
                        line = ((n * in_d + d) * in_h + h) * in_w
                        if side_by_side:
                            low, high = max(left, 0), min(left + k_w, in_w)
                            if low < high:
                                start = base + (line + low) * channels
                                count = (high - low) * channels
                                copy_bits(
                                    words, start, count, out[row], at + (low - left) * channels
                                )
                        else:
                            for kw in range(k_w):
                                w = met_at(left + kw * apart_w, insert_w, in_w)
                                if w >= 0:
                                    start = base + (line + w) * pixel_stride
                                    copy_bits(words, start, channels, out[row], at + kw * channels)
                    at += k_w * channels


@kernel
def along_axes(geometry, field):
    """A field of `Geometry.array()` along images, depth, rows and columns: `STRIDE`."""
    return geometry[field], geometry[field + 1], geometry[field + 2], geometry[field + 3]


@kernel
def met_at(coordinate, insert, length):
    """The stored pixel at a coordinate of the zero-inserted input; -1: none, or padding."""
    if coordinate < 0 or coordinate % insert != 0:
        return -1
    pixel = coordinate // insert
    return pixel if pixel < length else -1


@kernel
def lower_weights(words, first_bit, reduction, out):
    """Cut a flat string of bits into rows of K bits: row m of `out` is filter m.

    Args:
        words: weight bits, little-endian in uint64, one word longer than the bits need.
        first_bit: where the first row starts.
        reduction: K.
        out: uint64, shape (filters, words of K bits), all zero on entry.
    """
    for row in range(out.shape[0]):
        copy_bits(words, first_bit + row * reduction, reduction, out[row], 0)


@kernel
def copy_bits(source, start, count, target, at):
    """Or `count` bits of `source` from bit `start` into `target` at bit `at`."""
    done = 0
    while done < count:
        to = at + done
        shift = to & 63
        take = min(64 - shift, count - done)
        origin = start + done
        offset = origin & 63
        bits = source[origin >> 6] >> np.uint64(offset)
        if offset:
            bits |= source[(origin >> 6) + 1] << np.uint64(64 - offset)
        if take < 64:
            bits &= (np.uint64(1) << np.uint64(take)) - np.uint64(1)
        target[to >> 6] |= bits << np.uint64(shift)
        done += take


@kernel
def ones_of_word(word):
    """Bits set in a uint64, int64; LLVM makes one popcount instruction of this."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
