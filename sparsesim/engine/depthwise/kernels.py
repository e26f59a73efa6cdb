"""Convolution with one channel a group: 16 neighbouring outputs of a row at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

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
    typing: Any, x: Any, at: Any, width: Any, column: Any, weights: Any, w: Any, planes: Any,
    rows: Any, columns: Any, plane: Any, row: Any, dilation: Any, weight_plane: Any, out: Any,
    to: Any, count: Any, stride: Any, form: Any,
) -> Any:  # fmt: skip
    """out[to + j] = the sum of lane j's taps, for lanes j below `count`.

    x[at] begins the input row, `width` long, of the first tap; there lane 0 reads `column`, which
    may lie outside. Taps are planes * rows * columns, `plane`, `row` and `dilation` apart in x;
    in the weights planes are `weight_plane` apart and the others follow one another. The length
    of `form` is that of `load_strided`.
    """
    element = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[x.dtype]

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, factors, target = (
            address(context, builder, signature.args[i], args[i], args[i + 1]) for i in (0, 4, 13)
        )
        width, column, count = args[2], args[3], args[15]
        total = cgutils.alloca_once(builder, ir.VectorType(element, LANES))
        builder.store(zeros(element), total)
        with (
            cgutils.for_range(builder, args[6]) as plane_,
            cgutils.for_range(builder, args[7]) as row_,
            cgutils.for_range(builder, args[8]) as tap,
        ):
            first = builder.add(column, builder.mul(tap.index, args[11]))
            low = builder.sub(number(0), first)
            high = builder.sub(width, first)
            begin = builder.add(
                builder.mul(plane_.index, args[9]), builder.mul(row_.index, args[10])
            )
            begin = builder.add(begin, first)
            value = load_strided(builder, element, source, begin, low, high, args[16], form.count)
            place = builder.add(builder.mul(row_.index, args[8]), tap.index)
            place = builder.add(place, builder.mul(plane_.index, args[12]))
            factor = splat(builder, builder.load(builder.gep(factors, [place])))
            builder.store(multiply_add(builder, value, factor, builder.load(total)), total)
        result = builder.load(total)
        with builder.if_else(builder.icmp_signed(">=", count, number(LANES))) as (whole, some):
            with whole:
                store(builder, result, target, number(0))
            with some:
                mask = within(builder, lanes(range(LANES)), number(0), count)
                store_some(builder, result, target, number(0), mask)
        return context.get_dummy_value()

    i = types.int64
    kinds = (x, i, i, i, weights, i, i, i, i, i, i, i, i, out, i, i, i, form)
    return types.none(*kinds), emit


@kernel
def depthwise(x, weights, shape, multiplier, first, last, out):
    """Filters first to last of a convolution with one channel a group.

    Args:
        x: float32 or float64, flat from (channels, depth, rows, columns).
        weights: flat from (filters, kernel depth, rows, columns).
        shape: int64, 18 numbers as in engine/kernels.py.
        multiplier: filters a channel.
        first, last: range of filters.
        out: flat from (filters, depth, rows, columns).
    """
    in_d, in_h, in_w = shape[0], shape[1], shape[2]
    out_d, out_h, out_w = shape[3], shape[4], shape[5]
    stride = shape[11]
    area = shape[7] * shape[8]
    for m in range(first, last):
        image = m // multiplier * in_d * in_h * in_w
        for position in range(out_d * out_h):
            # The taps that lie inside, along depth and rows: from..to.
            d = position // out_h * shape[9] - shape[15]
            h = position % out_h * shape[10] - shape[16]
            d0, d1 = _inside(d, shape[12], in_d, shape[6])
            h0, h1 = _inside(h, shape[13], in_h, shape[7])
            at = image + ((d + d0 * shape[12]) * in_h + h + h0 * shape[13]) * in_w
            w = (m * shape[6] + d0) * area + h0 * shape[8]
            plane = shape[12] * in_h * in_w
            row = shape[13] * in_w
            for column in range(0, out_w, LANES):
                to = (m * out_d * out_h + position) * out_w + column
                where = column * stride - shape[17]
                if stride == 1:
                    _taps(x, at, in_w, where, weights, w, d1 - d0, h1 - h0, shape[8], plane, row,
                          shape[14], area, out, to, out_w - column, stride, (0,))  # fmt: skip
                elif stride == 2:
                    _taps(x, at, in_w, where, weights, w, d1 - d0, h1 - h0, shape[8], plane, row,
                          shape[14], area, out, to, out_w - column, stride, (0, 0))  # fmt: skip
                else:
                    _taps(x, at, in_w, where, weights, w, d1 - d0, h1 - h0, shape[8], plane, row,
                          shape[14], area, out, to, out_w - column, stride, (0, 0, 0))  # fmt: skip


@kernel
def _inside(start, step, size, taps):
    """First and behind-last tap t with 0 <= start + t * step < size."""
    low = max(0, -(start // step))
    high = min(taps, (size - start + step - 1) // step)
    return low, max(low, high)
