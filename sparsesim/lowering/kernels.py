"""Kernels on packed bits: gathering those of a lowered layer, copying and counting them."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel


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
    channels = geometry[2]
    base = group * geometry[3]
    pixel_stride = geometry[4]
    in_n, in_d, in_h, in_w = geometry[8], geometry[9], geometry[10], geometry[11]
    out_d, out_h, out_w = geometry[13], geometry[14], geometry[15]
    k_n, k_d, k_h, k_w = geometry[16], geometry[17], geometry[18], geometry[19]
    # Neighbouring taps of a kernel row that lie side by side are copied at once.
    side_by_side = pixel_stride == channels and geometry[27] == 1 and geometry[35] == 1
    for row in range(out.shape[0]):
        position = first + row
        ow = position % out_w
        oh = position // out_w % out_h
        od = position // (out_w * out_h) % out_d
        on = position // (out_w * out_h * out_d)
        left = ow * geometry[23] - geometry[31]
        at = 0
        for kn in range(k_n):
            n = met_at(on * geometry[20] + kn * geometry[24] - geometry[28], geometry[32], in_n)
            for kd in range(k_d):
                d = met_at(od * geometry[21] + kd * geometry[25] - geometry[29], geometry[33], in_d)
                for kh in range(k_h):
                    h = oh * geometry[22] + kh * geometry[26] - geometry[30]
                    h = met_at(h, geometry[34], in_h)
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
                                w = met_at(left + kw * geometry[27], geometry[35], in_w)
                                if w >= 0:
                                    start = base + (line + w) * pixel_stride
                                    copy_bits(words, start, channels, out[row], at + kw * channels)
                    at += k_w * channels


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
