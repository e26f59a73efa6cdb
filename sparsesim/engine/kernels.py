"""Kernels of the engine: unfolding, folding back, epilogues, packing.

Arrays are float32 or float64 unless said; integers are exact in them (see numbers.py).
`shape` is `Convolution.array()`.
"""

from __future__ import annotations

import numpy as np

from sparsesim.engine.columns import DILATION, INPUT, KERNEL, OUTPUT, PAD, STRIDE
from sparsesim.kernel import kernel


@kernel
def along_axes(shape, field):
    """A field of `Convolution.array()` along depth, rows and columns: `STRIDE`."""
    return shape[field], shape[field + 1], shape[field + 2]


@kernel
def unfold(x, shape, first, out):
    """Columns of the lowered activation: out[k, p] is operand k of position first + p.

    Args:
        x: (channels, depth, rows, columns), padded: no kernel element falls outside.
        shape: as above, the input's being those of the padded one and the pad being 0.
        first: first position.
        out: (channels * kernel volume, positions), row order channel, depth, row, column.
    """
    in_d, in_h, in_w = along_axes(shape, INPUT)
    _, out_h, out_w = along_axes(shape, OUTPUT)
    k_d, k_h, k_w = along_axes(shape, KERNEL)
    step_d, step_h, step = along_axes(shape, STRIDE)
    apart_d, apart_h, apart_w = along_axes(shape, DILATION)
    count = out.shape[1]
    # Runs of positions in one output row: where in a plane each starts, and how long it is.
    starts = np.empty(count, dtype=np.int64)
    lengths = np.empty(count, dtype=np.int64)
    runs, at = 0, 0
    while at < count:
        position = first + at
        column = position % out_w
        row = position // out_w
        plane_row = (row // out_h * step_d * in_h + row % out_h * step_h) * in_w
        starts[runs] = plane_row + column * step
        lengths[runs] = min(out_w - column, count - at)
        at += lengths[runs]
        runs += 1
    flat = x.reshape(x.shape[0], in_d * in_h * in_w)
    k = 0
    for c in range(x.shape[0]):
        plane = flat[c]
        for kd in range(k_d):
            for kh in range(k_h):
                for kw in range(k_w):
                    tap = (kd * apart_d * in_h + kh * apart_h) * in_w + kw * apart_w
                    target = out[k]
                    k += 1
                    at = 0
                    for run in range(runs):
                        source = starts[run] + tap
                        length = lengths[run]
                        if step == 1:
                            for t in range(length):
                                target[at + t] = plane[source + t]
                        else:
                            for t in range(length):
                                target[at + t] = plane[source + t * step]
                        at += length


@kernel
def fold_back(columns, shape, out):
    """Scatter the products of a transposed convolution; the adjoint of `unfold`.

    Args:
        columns: (filters * kernel volume, input positions).
        shape: as above, input and output being those of the transposed convolution.
        out: (filters, depth, rows, columns), overwritten.
    """
    in_d, in_h, in_w = along_axes(shape, INPUT)
    out_d, out_h, out_w = along_axes(shape, OUTPUT)
    k_d, k_h, k_w = along_axes(shape, KERNEL)
    step_d, step_h, step_w = along_axes(shape, STRIDE)
    apart_d, apart_h, apart_w = along_axes(shape, DILATION)
    pad_d, pad_h, pad_w = along_axes(shape, PAD)
    row = 0
    for m in range(out.shape[0]):
        out[m] = 0
        for kd in range(k_d):
            for kh in range(k_h):
                for kw in range(k_w):
                    source = columns[row]
                    row += 1
                    for d in range(in_d):
                        od = d * step_d + kd * apart_d - pad_d
                        if od < 0 or od >= out_d:
                            continue
                        for h in range(in_h):
                            oh = h * step_h + kh * apart_h - pad_h
                            if oh < 0 or oh >= out_h:
                                continue
                            for w in range(in_w):
                                ow = w * step_w + kw * apart_w - pad_w
                                if ow >= 0 and ow < out_w:
                                    out[m, od, oh, ow] += source[(d * in_h + h) * in_w + w]


@kernel
def add_and_clamp(y, bias, low, high):
    """y[m, p] = min(max(y[m, p] + bias[m], low), high), in place; bias has the dtype of y."""
    for m in range(y.shape[0]):
        row = y[m]
        add = bias[m]
        for p in range(row.size):
            row[p] = min(max(row[p] + add, low), high)


@kernel
def requantise(y, bias, scale, zero, low, high, out):
    """Integer sums to a quantised tensor: round half to even of (sum + bias) * scale, + zero.

    The product is float32, as ONNX Runtime computes it.

    Args:
        y: (filters, positions), whole numbers.
        bias: int64, (filters,). scale: float32, (filters,).
        zero, low, high: int64.
        out: an integer dtype, (filters, positions).
    """
    for m in range(y.shape[0]):
        add = bias[m]
        factor = scale[m]
        for p in range(y.shape[1]):
            value = np.rint(np.float32(np.int64(y[m, p]) + add) * factor)
            value = min(max(value, np.float32(low - zero)), np.float32(high - zero))
            out[m, p] = np.int64(value) + zero


@kernel
def pack_pixels(x, zero, first, last, words):
    """Bits of pixels first to last, channel fastest: is the element effectual?

    Args:
        x: (channels, pixels), any number dtype.
        zero: what counts as zero, the dtype of x.
        first, last: pixels; first * channels is a multiple of 64.
        words: uint64, of all pixels, zero on entry.
    """
    channels = x.shape[0]
    block = np.empty(512, dtype=np.uint64)
    for start in range(first, last, 512):
        count = min(512, last - start)
        for c0 in range(0, channels, 64):
            width = min(64, channels - c0)
            for p in range(count):
                block[p] = 0
            for c in range(width):
                source = x[c0 + c, start : start + count]
                shift = np.uint64(c)
                for p in range(count):
                    block[p] |= np.uint64(source[p] != zero) << shift
            for p in range(count):
                bit = (start + p) * channels + c0
                offset = bit & 63
                words[bit >> 6] |= block[p] << np.uint64(offset)
                if offset + width > 64:
                    words[(bit >> 6) + 1] |= block[p] >> np.uint64(64 - offset)


@kernel
def pack_flat(x, zero, words):
    """Bits of a flat array in its own order; words is zero on entry."""
    for w in range((x.size + 63) // 64):
        bits = np.uint64(0)
        for i in range(min(64, x.size - w * 64)):
            bits |= np.uint64(x[w * 64 + i] != zero) << np.uint64(i)
        words[w] |= bits
