"""Kernels that find the blocks of a layer and count their non-zeros.

`geometry` is `Geometry.array()` and words are packed bits with a spare word, throughout.
"""

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
from sparsesim.lowering.kernels import along_axes, ones_of_word
from sparsesim.memory.columns import (
    BOX_ELEMENTS,
    BOX_ROWS,
    END_COLUMN,
    END_DEPTH,
    END_IMAGE,
    END_ROW,
    FIRST,
    FIRST_COLUMN,
    FIRST_DEPTH,
    FIRST_IMAGE,
    FIRST_ROW,
    LAST,
    RANK,
)


@kernel
def count_bits(words, start, length):
    """Ones among `length` bits from bit `start`, int64."""
    if length == 1:  # what depthwise layers ask for, millions of times
        return np.int64((words[start >> 6] >> np.uint64(start & 63)) & np.uint64(1))
    ones = np.int64(0)
    end = start + length
    while start < end:
        shift = start & 63
        word = words[start >> 6] >> np.uint64(shift)
        take = min(64 - shift, end - start)
        if take < 64:
            word &= (np.uint64(1) << np.uint64(take)) - np.uint64(1)
        ones += ones_of_word(word)
        start += take
    return ones


@kernel
def running_ones(words, group_stride, stride, length, out):
    """Running count of the ones in strings of bits, from one string to the next.

    Args:
        group_stride, stride: string i of group g starts at bit g * group_stride + i * stride.
        length: bits of a string.
        out: int64, shape (groups, strings + 1), written: [g, i] is the ones before string i.
    """
    for group in range(out.shape[0]):
        ones = np.int64(0)
        out[group, 0] = 0
        for string in range(out.shape[1] - 1):
            ones += count_bits(words, group * group_stride + string * stride, length)
            out[group, string + 1] = ones


@kernel
def ones_of_runs(words, offsets, runs, stride, lengths):
    """Ones of blocks; block b is runs[b] runs of lengths[b] bits, `stride` bits apart.

    Returns:
        int64, shape (blocks,).
    """
    ones = np.empty(offsets.shape[0], np.int64)
    for block in range(offsets.shape[0]):
        length = lengths[block]
        if length == stride:
            ones[block] = count_bits(words, offsets[block], runs[block] * length)
            continue
        total = np.int64(0)
        for run in range(runs[block]):
            total += count_bits(words, offsets[block] + run * stride, length)
        ones[block] = total
    return ones


@kernel
def meet_axes(geometry, axes):
    """Which input pixels the outputs along each axis meet.

    Outputs that meet only padding or inserted zeros are left out: the others have ranks.

    Args:
        axes: int64, shape (4, 3, longest output axis + 1), written. [a, RANK, o] is the rank of
            output o: how many before it meet a pixel; [a, FIRST, r] and [a, LAST, r] are the first
            and the last input index that the output of rank r meets.
    """
    for axis in range(4):
        stride, insert = geometry[STRIDE + axis], geometry[INSERT + axis]
        rank = 0
        for output in range(geometry[OUTPUT_SHAPE + axis]):
            axes[axis, RANK, output] = rank
            first, last = -1, -1
            for tap in range(geometry[KERNEL + axis]):
                at = output * stride + tap * geometry[DILATION + axis] - geometry[PAD + axis]
                index = at // insert
                if at >= 0 and at % insert == 0 and index < geometry[INPUT_SHAPE + axis]:
                    if first < 0:
                        first = index
                    last = index
            if first >= 0:
                axes[axis, FIRST, rank] = first
                axes[axis, LAST, rank] = last
                rank += 1
        axes[axis, RANK, geometry[OUTPUT_SHAPE + axis]] = rank


@kernel
def bounding_boxes(geometry, axes, starts, ends):
    """Bounding boxes of the input pixels that ranges of positions meet.

    A range in raster order keeps the leading coordinates that its ends share and runs from the one
    to the other along the first that differs. Behind it, it covers every axis, but for a step of
    one: then only what is at or behind its first end, and at or before its last.

    Args:
        axes: what `meet_axes` wrote.
        starts, ends: int64, shape (blocks,); block b is positions [starts[b], ends[b]).
    Returns:
        int64, shape (10, blocks): first and end along each axis, then pixel rows (all axes but the
        last) and elements of a row, all channels; all 0 for a range that meets none.
    """
    boxes = np.zeros((10, starts.shape[0]), np.int64)
    for block in range(starts.shape[0]):
        first = _met_before(geometry, axes, starts[block])
        last = _met_before(geometry, axes, ends[block]) - 1
        if first > last:
            continue
        inner = np.int64(1)
        for axis in range(4):
            inner *= axes[axis, RANK, geometry[OUTPUT_SHAPE + axis]]
        shared, split = True, False
        boxes[BOX_ROWS, block] = 1
        for axis in range(4):
            count = axes[axis, RANK, geometry[OUTPUT_SHAPE + axis]]
            inner //= count
            low, high = first // inner % count, last // inner % count
            begin, end = np.int64(geometry[INPUT_SHAPE + axis]), np.int64(0)
            for rank in range(low if shared else 0, high + 1 if shared else count):
                if not split or rank >= low or rank <= high:
                    begin = min(begin, axes[axis, FIRST, rank])
                    end = max(end, axes[axis, LAST, rank])
            if shared:
                shared, split = low == high, high - low == 1
            else:
                split = split and low == count - 1 and high == 0
            boxes[FIRST_IMAGE + 2 * axis, block] = begin
            boxes[END_IMAGE + 2 * axis, block] = end + 1
            if axis < 3:
                boxes[BOX_ROWS, block] *= end + 1 - begin
            else:
                boxes[BOX_ELEMENTS, block] = (end + 1 - begin) * geometry[CHANNELS]
    return boxes


@kernel
def _met_before(geometry, axes, position):  # positions before this one that meet any pixel
    outer = position
    inner = np.int64(1)
    for axis in range(4):
        inner *= geometry[OUTPUT_SHAPE + axis]
    before = np.int64(0)
    exact = True  # the coordinates so far meet a pixel, so those behind still count
    for axis in range(4):
        outputs = geometry[OUTPUT_SHAPE + axis]
        count = axes[axis, RANK, outputs]
        inner //= outputs
        before *= count
        if exact:
            at = outer // inner
            outer -= at * inner
            before += axes[axis, RANK, at]
            exact = at < outputs and axes[axis, RANK, at + 1] > axes[axis, RANK, at]
    return before


@kernel
def ones_of_boxes(geometry, pixel_ones, groups, boxes):
    """Ones of boxes of pixels, all channels of the group.

    Args:
        pixel_ones: int64, shape (groups, pixels + 1), from `running_ones`.
        groups: int64, shape (blocks,).
        boxes: int64, shape (10, blocks), from `bounding_boxes`.
    Returns:
        int64, shape (blocks,).
    """
    _, depth, height, width = along_axes(geometry, INPUT_SHAPE)
    ones = np.zeros(boxes.shape[1], np.int64)
    for block in range(boxes.shape[1]):
        group = groups[block]
        left, right = boxes[FIRST_COLUMN, block], boxes[END_COLUMN, block]
        for image in range(boxes[FIRST_IMAGE, block], boxes[END_IMAGE, block]):
            for plane in range(boxes[FIRST_DEPTH, block], boxes[END_DEPTH, block]):
                base = (image * depth + plane) * height
                if right - left == width:
                    begin, end = base + boxes[FIRST_ROW, block], base + boxes[END_ROW, block]
                    ones[block] += pixel_ones[group, end * width]
                    ones[block] -= pixel_ones[group, begin * width]
                    continue
                for row in range(boxes[FIRST_ROW, block], boxes[END_ROW, block]):
                    line = (base + row) * width
                    ones[block] += pixel_ones[group, line + right]
                    ones[block] -= pixel_ones[group, line + left]
    return ones


@kernel
def segments_of_boxes(geometry, groups, boxes):
    """Boxes as segments of bits in (row, column, channel) order, for `PackedBlocks`.

    Returns:
        int64 (blocks + 1,) first segment of each block; int64 (segments,) first bits. All segments
        are one line of the box where pixels are dense in memory, else the channels of one pixel.
    """
    lines = geometry[PIXEL_STRIDE] == geometry[CHANNELS]
    _, depth, height, width = along_axes(geometry, INPUT_SHAPE)
    firsts = np.zeros(boxes.shape[1] + 1, np.int64)
    for block in range(boxes.shape[1]):
        segments = boxes[BOX_ROWS, block]
        if not lines:
            segments *= boxes[END_COLUMN, block] - boxes[FIRST_COLUMN, block]
        firsts[block + 1] = firsts[block] + segments
    offsets = np.empty(firsts[-1], np.int64)
    segment = 0
    for block in range(boxes.shape[1]):
        left, right = boxes[FIRST_COLUMN, block], boxes[END_COLUMN, block]
        for image in range(boxes[FIRST_IMAGE, block], boxes[END_IMAGE, block]):
            for plane in range(boxes[FIRST_DEPTH, block], boxes[END_DEPTH, block]):
                for row in range(boxes[FIRST_ROW, block], boxes[END_ROW, block]):
                    line = ((image * depth + plane) * height + row) * width
                    for column in range(left, left + 1 if lines else right):
                        offsets[segment] = groups[block] * geometry[GROUP_STRIDE]
                        offsets[segment] += (line + column) * geometry[PIXEL_STRIDE]
                        segment += 1
    return firsts, offsets
