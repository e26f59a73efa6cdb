"""Convolution with one channel a group: 16 neighbouring outputs of a row at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from sparsesim.engine.columns import DILATION, INPUT, KERNEL, OUTPUT, PAD, STRIDE
from sparsesim.engine.kernels import along_axes
from sparsesim.engine.tiles.lanes import (
    LANES,
    address,
    lanes,
    load_strided,
    multiply_add,
    number,
    splat,
    store,
    store_some,
    within,
    zeros,
)
from sparsesim.kernel import kernel


@intrinsic
def _taps(
    typing: Any, x: Any, weights: Any, out: Any, base: Any, step: Any, count: Any, across: Any,
    width: Any, column: Any, stride: Any, lanes_: Any, form: Any, channels: Any,
) -> Any:  # fmt: skip
    """Lanes j of some channels' outputs: each the sum of its taps.

    Of the first tap lane 0 reads `column` of an input row `width` long; it may lie outside, and
    then counts as 0. Taps have three axes, as the tuples that follow have, columns last.

    Args:
        base: where in x the row begins, in the weights the first tap, in out lane 0.
        step: from one channel to the next, in the same three.
        count: taps along each axis. across: how far apart they are in x; and planes in weights.
        width, column, stride: as above.
        lanes_: lanes to write.
        form: its length is the stride (1 or 2), or 3 for any.
        channels: as many as it is long.
    """
    element = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[x.dtype]

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def part(tuple_: int, index: int) -> Any:
            return builder.extract_value(args[tuple_], index)

        def base_of(array: int, channel: int) -> Any:
            at = builder.add(part(3, array), builder.mul(part(4, array), number(channel)))
            return address(context, builder, signature.args[array], args[array], at)

        group = range(channels.count)
        sources, factors, targets = ([base_of(array, c) for c in group] for array in range(3))
        width, column, stride, many = args[7:11]
        totals = [cgutils.alloca_once(builder, ir.VectorType(element, LANES)) for _ in group]
        for total in totals:
            builder.store(zeros(element), total)
        with (
            cgutils.for_range(builder, part(5, 0)) as plane,
            cgutils.for_range(builder, part(5, 1)) as row,
            cgutils.for_range(builder, part(5, 2)) as tap,
        ):
            first = builder.add(column, builder.mul(tap.index, part(6, 2)))
            low, high = builder.sub(number(0), first), builder.sub(width, first)
            begin = builder.mul(plane.index, part(6, 0))
            begin = builder.add(begin, builder.mul(row.index, part(6, 1)))
            begin = builder.add(begin, first)
            place = builder.add(builder.mul(row.index, part(5, 2)), tap.index)
            place = builder.add(place, builder.mul(plane.index, part(6, 3)))
            for source, weight, total in zip(sources, factors, totals, strict=True):
                value = load_strided(builder, element, source, begin, low, high, stride, form.count)
                factor = splat(builder, builder.load(builder.gep(weight, [place])))
                builder.store(multiply_add(builder, value, factor, builder.load(total)), total)
        results = [builder.load(total) for total in totals]
        with builder.if_else(builder.icmp_signed(">=", many, number(LANES))) as (whole, some):
            with whole:
                for result, target in zip(results, targets, strict=True):
                    store(builder, result, target, number(0))
            with some:
                mask = within(builder, lanes(range(LANES)), number(0), many)
                for result, target in zip(results, targets, strict=True):
                    store_some(builder, result, target, number(0), mask)
        return context.get_dummy_value()

    i = types.int64
    three = types.UniTuple(i, 3)
    kinds = (x, weights, out, three, three, three, types.UniTuple(i, 4), i, i, i, i)
    return types.none(*kinds, form, channels), emit


@kernel
def _inside(start, step, size, taps):
    """The first tap t with 0 <= start + t * step < size, and how many there are."""
    low = max(0, -(start // step))
    high = min(taps, (size - start + step - 1) // step)
    return low, max(0, high - low)


@kernel
def depthwise(x, weights, shape, multiplier, first, last, out):
    """Filters first to last of a convolution with one channel a group.

    Args:
        x: float32 or float64, flat from (channels, depth, rows, columns).
        weights: flat from (filters, kernel depth, rows, columns).
        shape: `Convolution.array()`.
        multiplier: filters a channel.
        first, last: range of filters.
        out: flat from (filters, depth, rows, columns).
    """
    in_d, in_h, in_w = along_axes(shape, INPUT)
    out_d, out_h, out_w = along_axes(shape, OUTPUT)
    k_d, k_h, k_w = along_axes(shape, KERNEL)
    stride_d, stride_h, stride = along_axes(shape, STRIDE)
    apart_d, apart_h, apart_w = along_axes(shape, DILATION)
    pad_d, pad_h, pad_w = along_axes(shape, PAD)
    area = k_h * k_w
    x_step, weight_step, out_step = in_d * in_h * in_w, k_d * area, out_d * out_h * out_w
    step = (x_step, weight_step, out_step)
    across = (apart_d * in_h * in_w, apart_h * in_w, apart_w, area)
    # Four channels share masks and loops; they differ in where they begin alone.
    many = 4 if multiplier == 1 and stride <= 2 and last - first >= 4 else 1
    for start in range(first, last, many):
        m = min(start, last - many)
        for position in range(out_d * out_h):
            d = position // out_h * stride_d - pad_d
            h = position % out_h * stride_h - pad_h
            d0, planes = _inside(d, apart_d, in_d, k_d)
            h0, rows = _inside(h, apart_h, in_h, k_h)
            line = ((d + d0 * apart_d) * in_h + h + h0 * apart_h) * in_w
            count = (planes, rows, k_w)
            for lane in range(0, out_w, LANES):
                base = (
                    m // multiplier * x_step + line,
                    m * weight_step + d0 * area + h0 * k_w,
                    m * out_step + position * out_w + lane,
                )
                column, left = lane * stride - pad_w, out_w - lane
                if many == 1:
                    _taps(x, weights, out, base, step, count, across, in_w, column, stride,
                          left, (0, 0, 0), (0,))  # fmt: skip
                elif stride == 1:
                    _taps(x, weights, out, base, step, count, across, in_w, column, stride,
                          left, (0,), (0, 0, 0, 0))  # fmt: skip
                else:
                    _taps(x, weights, out, base, step, count, across, in_w, column, stride,
                          left, (0, 0), (0, 0, 0, 0))  # fmt: skip
