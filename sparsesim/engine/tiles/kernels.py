"""A convolution in tiles of 14 positions by 32 filters, float32, kept in vector registers.

A vector holds 16 filters; 28 of a machine's 32 vector registers are sums. The activation is laid
out in *panels*: for each tile and each operand k 16 floats, at most 14 positions and then junk.
Sums lie as (filter block, position, 32 filters) between blocks of k, and are turned to (filter,
position) at the end, while in cache. The vector operations are spelt in LLVM's own language:
only so do the sums stay in registers. See docs/decisions/convolution.md.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from sparsesim.engine.columns import (
    ALL_FILTERS,
    BLOCK_CHANNELS,
    BLOCK_POSITIONS,
    CHANNELS,
    COLUMN,
    DEPTH,
    DILATION,
    END_BLOCK,
    END_POSITION,
    FIRST_BLOCK,
    FIRST_POSITION,
    HIGH,
    INPUT,
    KERNEL,
    LOW,
    OUTPUT,
    PAD,
    ROW,
    STRIDE,
)
from sparsesim.engine.kernels import along_axes
from sparsesim.engine.tiles.lanes import (
    LANES,
    address,
    lanes,
    load,
    load_strided,
    multiply_add,
    number,
    splat,
    store,
    store_some,
    turned,
    within,
    zeros,
)
from sparsesim.kernel import kernel

POSITIONS = 14
FILTERS = 32

_FLOAT = ir.FloatType()


@intrinsic
def _multiply(
    typing: Any, panel: Any, a: Any, weights: Any, w: Any, sums: Any, s: Any, length: Any,
    fresh: Any, positions: Any, vectors: Any,
) -> Any:  # fmt: skip
    """sums[p, f] += panel[k, p] * weights[k, f] over `length` k, or = where fresh.

    Tuples as long as the positions and the vectors of filters tell how many there are.
    """
    kinds = (panel, types.int64, weights, types.int64, sums, types.int64, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        inputs, factors, results = (
            address(context, builder, signature.args[i], args[i], args[i + 1]) for i in (0, 2, 4)
        )
        place = {
            (p, v): number(p * FILTERS + v * LANES)
            for p in range(positions.count)
            for v in range(vectors.count)
        }
        held = {key: cgutils.alloca_once(builder, ir.VectorType(_FLOAT, LANES)) for key in place}
        with builder.if_else(args[7]) as (start, resume):
            with start:
                for target in held.values():
                    builder.store(zeros(_FLOAT), target)
            with resume:
                for key, target in held.items():
                    builder.store(load(builder, _FLOAT, results, place[key]), target)
        with cgutils.for_range(builder, args[6]) as loop:
            row = builder.mul(loop.index, number(FILTERS))
            filters = [
                load(builder, _FLOAT, factors, builder.add(row, number(v * LANES)))
                for v in range(vectors.count)
            ]
            row = builder.mul(loop.index, number(LANES))
            for p in range(positions.count):
                one = builder.load(builder.gep(inputs, [builder.add(row, number(p))]))
                one = splat(builder, one)
                for v, factor in enumerate(filters):
                    so_far = builder.load(held[p, v])
                    builder.store(multiply_add(builder, one, factor, so_far), held[p, v])
        for key, source in held.items():
            store(builder, builder.load(source), results, place[key])
        return context.get_dummy_value()

    return types.none(*kinds, types.boolean, positions, vectors), emit


@intrinsic
def _lay(
    typing: Any, x: Any, at: Any, plane: Any, panel: Any, to: Any, step: Any, count: Any,
    low: Any, high: Any, fresh: Any, stride: Any, form: Any,
) -> Any:  # fmt: skip
    """Lay some lanes of one operand of `count` channels out, a row each.

    Lane j of channel c is x[at + c * plane + j * stride] where low <= j * stride < high; row c is
    at panel[to + c * step]. Its other lanes become 0 where fresh, else stay: the lanes laid have
    been 0. The length of `form` is that of `load_strided`.
    """
    kinds = (x, types.int64, types.int64, panel, *[types.int64] * 5)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source = address(context, builder, x, args[0], args[1])
        target = address(context, builder, panel, args[3], args[4])
        with cgutils.for_range(builder, args[6]) as loop:
            begin = builder.mul(loop.index, args[2])
            row = load_strided(
                builder, _FLOAT, source, begin, args[7], args[8], args[10], form.count
            )
            where = builder.mul(loop.index, args[5])
            with builder.if_else(args[9]) as (start, resume):
                with start:
                    store(builder, row, target, where)
                with resume:
                    kept = load(builder, _FLOAT, target, where)
                    store(builder, builder.fadd(row, kept), target, where)
        return context.get_dummy_value()

    return types.none(*kinds, types.boolean, types.int64, form), emit


@intrinsic
def _turn(
    typing: Any, sums: Any, s: Any, out: Any, at: Any, row: Any, filters: Any, positions: Any,
    bias: Any, b: Any, low: Any, high: Any,
) -> Any:  # fmt: skip
    """out[f, p] = min(max(sums[p, f] + bias[f], low), high) for a square of at most 16 by 16.

    out[f, p] is at out[at + f * row + p]; a sum is FILTERS behind the one of the last position.
    """
    ints = [types.int64] * 4

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, target, add = (
            address(context, builder, signature.args[i], args[i], args[j])
            for i, j in ((0, 1), (2, 3), (7, 8))
        )
        rows = [load(builder, _FLOAT, source, number(p * FILTERS)) for p in range(LANES)]
        rows = turned(builder, rows)
        least, most = (splat(builder, value) for value in args[9:11])
        mask = within(builder, lanes(range(LANES)), number(0), args[6])
        whole = builder.icmp_signed(">=", args[6], number(LANES))
        for f, value in enumerate(rows):
            with builder.if_then(builder.icmp_signed("<", number(f), args[5])):
                found = builder.load(builder.gep(add, [number(f)]))
                value = builder.fadd(value, splat(builder, found))
                value = builder.select(builder.fcmp_ordered("<", value, least), least, value)
                value = builder.select(builder.fcmp_ordered(">", value, most), most, value)
                where = builder.mul(args[4], number(f))
                with builder.if_else(whole) as (all_, some):
                    with all_:
                        store(builder, value, target, where)
                    with some:
                        store_some(builder, value, target, where, mask)
        return context.get_dummy_value()

    kinds = (sums, types.int64, out, *ints, bias, types.int64, low, high)
    return types.none(*kinds), emit


@kernel
def _lay_out(x, shape, first, count, channel, channels, panels):
    """Panels of `count` positions from `first` on, of `channels` channels from `channel` on."""
    in_d, in_h, in_w = along_axes(shape, INPUT)
    _, out_h, out_w = along_axes(shape, OUTPUT)
    stride = shape[STRIDE + COLUMN]  # the others are read in place: held, they cost registers
    plane = in_d * in_h * in_w
    taps = shape[KERNEL + DEPTH] * shape[KERNEL + ROW] * shape[KERNEL + COLUMN]
    length = channels * taps
    for start in range(0, count, POSITIONS):
        base = start // POSITIONS * length * LANES
        many = min(POSITIONS, count - start)
        begin = 0
        while begin < many:  # a run of positions in one output row
            position = first + start + begin
            column = position % out_w
            row = position // out_w
            depth, row = row // out_h, row % out_h
            end = min(many, begin + out_w - column)
            tap = 0
            for kd in range(shape[KERNEL + DEPTH]):
                d = (
                    depth * shape[STRIDE + DEPTH]
                    + kd * shape[DILATION + DEPTH]
                    - shape[PAD + DEPTH]
                )
                for kh in range(shape[KERNEL + ROW]):
                    h = row * shape[STRIDE + ROW] + kh * shape[DILATION + ROW] - shape[PAD + ROW]
                    inside = d >= 0 and d < in_d and h >= 0 and h < in_h
                    for kw in range(shape[KERNEL + COLUMN]):
                        # The column of lane 0, had the run begun there.
                        w = (
                            (column - begin) * stride
                            + kw * shape[DILATION + COLUMN]
                            - shape[PAD + COLUMN]
                        )
                        low = max(begin * stride, -w)
                        high = min(end * stride, in_w - w) if inside else 0
                        at = channel * plane + (d * in_h + h) * in_w + w
                        to = base + tap * LANES
                        step = taps * LANES
                        tap += 1
                        if stride == 1:
                            _lay(x, at, plane, panels, to, step, channels, low, high,
                                 begin == 0, stride, (0,))  # fmt: skip
                        elif stride == 2:
                            _lay(x, at, plane, panels, to, step, channels, low, high,
                                 begin == 0, stride, (0, 0))  # fmt: skip
                        else:
                            _lay(x, at, plane, panels, to, step, channels, low, high,
                                 begin == 0, stride, (0, 0, 0))  # fmt: skip
            begin = end


@kernel
def convolve(x, shape, weights, bias, bounds, cut, scratch, out):
    """Some filters of a convolution at some positions, with bias and bounds.

    Args:
        x: float32, an image, flat from (channels, depth, rows, columns).
        shape: `Convolution.array()`.
        weights: float32, flat from (filter blocks, K, FILTERS), K as (channel, tap).
        bias: float32, (filters,). bounds: float32, low and high.
        cut: int64, (8,), see engine/columns.py.
        scratch: float32, of `scratch_length`.
        out: float32, flat from (filters, positions), written in place.
    """
    channels, filters = cut[CHANNELS], cut[ALL_FILTERS]
    depth, most = cut[BLOCK_CHANNELS], cut[BLOCK_POSITIONS]
    k_d, k_h, k_w = along_axes(shape, KERNEL)
    out_d, out_h, out_w = along_axes(shape, OUTPUT)
    first_block = cut[FIRST_BLOCK]
    taps, positions = k_d * k_h * k_w, out_d * out_h * out_w
    sums = scratch[-(-most // POSITIONS) * LANES * depth * taps :]
    low, high = bounds[LOW], bounds[HIGH]
    for first in range(cut[FIRST_POSITION], cut[END_POSITION], most):
        count = min(most, cut[END_POSITION] - first)
        for channel in range(0, channels, depth):
            many = min(depth, channels - channel)
            length = many * taps
            _lay_out(x, shape, first, count, channel, many, scratch)
            fresh = channel == 0
            for block in range(first_block, cut[END_BLOCK]):
                w = (block * channels + channel) * taps * FILTERS
                # Sums that end in this block of k need no place of their own.
                base = (block - first_block) * (most + LANES) * FILTERS if depth < channels else 0
                wide = filters - block * FILTERS > LANES
                for start in range(0, count, POSITIONS):
                    a = start // POSITIONS * length * LANES
                    s = base + start * FILTERS
                    long = count - start > POSITIONS // 2
                    if wide and long:
                        _multiply(scratch, a, weights, w, sums, s, length, fresh,
                                  (0,) * 14, (0,) * 2)  # fmt: skip
                    elif wide:
                        _multiply(scratch, a, weights, w, sums, s, length, fresh,
                                  (0,) * 7, (0,) * 2)  # fmt: skip
                    elif long:
                        _multiply(scratch, a, weights, w, sums, s, length, fresh,
                                  (0,) * 14, (0,))  # fmt: skip
                    else:
                        _multiply(scratch, a, weights, w, sums, s, length, fresh,
                                  (0,) * 7, (0,))  # fmt: skip
                if channel + many == channels:
                    for f in range(0, min(FILTERS, filters - block * FILTERS), LANES):
                        m = block * FILTERS + f
                        for p in range(0, count, LANES):
                            _turn(sums, base + p * FILTERS + f, out,
                                  m * positions + first + p, positions,
                                  filters - m, count - p, bias, m, low, high)  # fmt: skip
