"""Kernels that find the blocks of a layer, count their non-zeros and lay them out as passes.

`geometry` is `Geometry.array()` and words are packed bits with a spare word, throughout.
"""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.lowering.kernels import ones_of_word
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.memory.columns import ACTIVATION, DENSE, ENCODED, OUTPUT, WEIGHT


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
        axes: int64, shape (4, 3, longest output axis + 1), written. [a, 0, o] is the rank of
            output o: how many before it meet a pixel; [a, 1, r] and [a, 2, r] are the first and
            the last input index that the output of rank r meets.
    """
    for axis in range(4):
        rank = 0
        for output in range(geometry[12 + axis]):
            axes[axis, 0, output] = rank
            first, last = -1, -1
            for tap in range(geometry[16 + axis]):
                at = output * geometry[20 + axis] + tap * geometry[24 + axis] - geometry[28 + axis]
                index = at // geometry[32 + axis]
                if at >= 0 and at % geometry[32 + axis] == 0 and index < geometry[8 + axis]:
                    if first < 0:
                        first = index
                    last = index
            if first >= 0:
                axes[axis, 1, rank] = first
                axes[axis, 2, rank] = last
                rank += 1
        axes[axis, 0, geometry[12 + axis]] = rank


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
            inner *= axes[axis, 0, geometry[12 + axis]]
        shared, split = True, False
        boxes[8, block] = 1
        for axis in range(4):
            count = axes[axis, 0, geometry[12 + axis]]
            inner //= count
            low, high = first // inner % count, last // inner % count
            begin, end = np.int64(geometry[8 + axis]), np.int64(0)
            for rank in range(low if shared else 0, high + 1 if shared else count):
                if not split or rank >= low or rank <= high:
                    begin = min(begin, axes[axis, 1, rank])
                    end = max(end, axes[axis, 2, rank])
            if shared:
                shared, split = low == high, high - low == 1
            else:
                split = split and low == count - 1 and high == 0
            boxes[2 * axis, block] = begin
            boxes[2 * axis + 1, block] = end + 1
            if axis < 3:
                boxes[8, block] *= end + 1 - begin
            else:
                boxes[9, block] = (end + 1 - begin) * geometry[2]
    return boxes


@kernel
def _met_before(geometry, axes, position):  # positions before this one that meet any pixel
    outer = position
    inner = np.int64(1)
    for axis in range(4):
        inner *= geometry[12 + axis]
    before = np.int64(0)
    exact = True  # the coordinates so far meet a pixel, so those behind still count
    for axis in range(4):
        count = axes[axis, 0, geometry[12 + axis]]
        inner //= geometry[12 + axis]
        before *= count
        if exact:
            at = outer // inner
            outer -= at * inner
            before += axes[axis, 0, at]
            exact = at < geometry[12 + axis] and axes[axis, 0, at + 1] > axes[axis, 0, at]
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
    depth, height, width = geometry[9], geometry[10], geometry[11]
    ones = np.zeros(boxes.shape[1], np.int64)
    for block in range(boxes.shape[1]):
        group = groups[block]
        left, right = boxes[6, block], boxes[7, block]
        for image in range(boxes[0, block], boxes[1, block]):
            for plane in range(boxes[2, block], boxes[3, block]):
                base = (image * depth + plane) * height
                if right - left == width:
                    begin, end = base + boxes[4, block], base + boxes[5, block]
                    ones[block] += pixel_ones[group, end * width]
                    ones[block] -= pixel_ones[group, begin * width]
                    continue
                for row in range(boxes[4, block], boxes[5, block]):
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
    lines = geometry[4] == geometry[2]
    firsts = np.zeros(boxes.shape[1] + 1, np.int64)
    for block in range(boxes.shape[1]):
        segments = boxes[8, block]
        if not lines:
            segments *= boxes[7, block] - boxes[6, block]
        firsts[block + 1] = firsts[block] + segments
    offsets = np.empty(firsts[-1], np.int64)
    segment = 0
    for block in range(boxes.shape[1]):
        left, right = boxes[6, block], boxes[7, block]
        for image in range(boxes[0, block], boxes[1, block]):
            for plane in range(boxes[2, block], boxes[3, block]):
                for row in range(boxes[4, block], boxes[5, block]):
                    line = ((image * geometry[9] + plane) * geometry[10] + row) * geometry[11]
                    for column in range(left, left + 1 if lines else right):
                        offsets[segment] = groups[block] * geometry[3]
                        offsets[segment] += (line + column) * geometry[4]
                        segment += 1
    return firsts, offsets


@kernel
def cut_evenly(length, sizes):
    """Cut [0, length) into blocks of sizes[i], the last one short, for each i.

    Args:
        length: 1 or more.
        sizes: int64, each 1 or more.
    Returns:
        int64 (len(sizes) + 1,) first block of each i; int64 (blocks,) i, start and end of each.
    """
    firsts = np.zeros(sizes.shape[0] + 1, np.int64)
    for index in range(sizes.shape[0]):
        firsts[index + 1] = firsts[index] + (length + sizes[index] - 1) // sizes[index]
    owners = np.empty(firsts[-1], np.int64)
    starts = np.empty(firsts[-1], np.int64)
    ends = np.empty(firsts[-1], np.int64)
    for index in range(sizes.shape[0]):
        start = np.int64(0)
        for block in range(firsts[index], firsts[index + 1]):
            owners[block] = index
            starts[block] = start
            start += sizes[index]
            ends[block] = min(start, length)
    return firsts, owners, starts, ends


@kernel
def cut_trials(length, step, largest, at_once):
    """Cut [0, length) into blocks of each of the next sizes to try.

    Args:
        length, step: 1 or more; a size is a multiple of `step`, or `length`.
        largest: int64, for each group the largest size to try, in steps, 1 or more.
        at_once: how many sizes to try of each, descending.
    Returns:
        int64 (2, trials) index of the group and size of each trial; then what `cut_evenly` gives.
    """
    trials = np.int64(0)
    for index in range(largest.shape[0]):
        trials += min(largest[index], at_once)
    tried = np.empty((2, trials), np.int64)
    trial = 0
    for index in range(largest.shape[0]):
        for less in range(min(largest[index], at_once)):
            tried[0, trial] = index
            tried[1, trial] = min((largest[index] - less) * step, length)
            trial += 1
    firsts, owners, starts, ends = cut_evenly(length, tried[1])
    return tried, firsts, owners, starts, ends


@kernel
def cut_outputs(filters, positions, filter_blocks, position_blocks):
    """Cut each group's outputs [0, filters) x [0, positions) into blocks, filter blocks outer.

    Args:
        filter_blocks, position_blocks: int64 (groups,), filters and positions of a block.
    Returns:
        int64 (groups,) first block of each group; int64 (5, blocks) index of the group, m0, m1,
        p0, p1 of each block.
    """
    firsts = np.zeros(filter_blocks.shape[0], np.int64)
    blocks = np.int64(0)
    for index in range(filter_blocks.shape[0]):
        firsts[index] = blocks
        across = (filters + filter_blocks[index] - 1) // filter_blocks[index]
        blocks += across * ((positions + position_blocks[index] - 1) // position_blocks[index])
    cut = np.empty((5, blocks), np.int64)
    block = 0
    for index in range(filter_blocks.shape[0]):
        for m in range(0, filters, filter_blocks[index]):
            for p in range(0, positions, position_blocks[index]):
                cut[0, block] = index
                cut[1, block] = m
                cut[2, block] = min(m + filter_blocks[index], filters)
                cut[3, block] = p
                cut[4, block] = min(p + position_blocks[index], positions)
                block += 1
    return firsts, cut


@kernel
def lay_out_passes(geometry, blocks, weight_bits, activation_bits, output_bits):
    """The passes of all groups in their order, with what each loads and stores.

    Args:
        blocks: int64, shape (groups, 4): filters, positions and elements of K of a block, and 1
            where positions are the outer loop.
        weight_bits: int64, shape (2, blocks): encoded and dense bits by (group, filter block,
            slice).
        activation_bits: the same by (group, position block, slice).
        output_bits: the same by (group, filter block, position block).
    Returns:
        int64 (passes, 8), columns of machines/columns.py; int64 (2, 3, passes), columns of
        memory/columns.py: bits that each loads and stores.
    """
    filters, reduction = geometry[1], geometry[7]
    positions = geometry[12] * geometry[13] * geometry[14] * geometry[15]
    count = np.int64(0)
    for group in range(blocks.shape[0]):
        tiles = (filters + blocks[group, 0] - 1) // blocks[group, 0]
        tiles *= (positions + blocks[group, 1] - 1) // blocks[group, 1]
        step = max(blocks[group, 2], 1)
        count += tiles * max((reduction + step - 1) // step, 1)
    passes = np.empty((count, 8), np.int64)
    bits = np.zeros((2, 3, count), np.int64)
    at = 0
    first_weight, first_activation, first_output = 0, 0, 0
    for group in range(blocks.shape[0]):
        block_filters, block_positions = blocks[group, 0], blocks[group, 1]
        filter_blocks = (filters + block_filters - 1) // block_filters
        position_blocks = (positions + block_positions - 1) // block_positions
        step = max(blocks[group, 2], 1)
        slices = max((reduction + step - 1) // step, 1)
        weight_before, activation_before = -1, -1
        for tile in range(filter_blocks * position_blocks):
            if blocks[group, 3] == 1:
                p, m = tile // filter_blocks, tile % filter_blocks
            else:
                m, p = tile // position_blocks, tile % position_blocks
            for piece in range(slices):
                passes[at, GROUP] = group
                passes[at, M0] = m * block_filters
                passes[at, M1] = min((m + 1) * block_filters, filters)
                passes[at, P0] = p * block_positions
                passes[at, P1] = min((p + 1) * block_positions, positions)
                passes[at, K0] = piece * step
                passes[at, K1] = min((piece + 1) * step, reduction)
                passes[at, DRAINS] = piece == slices - 1
                weight = first_weight + m * slices + piece
                activation = first_activation + p * slices + piece
                output = first_output + m * position_blocks + p
                for form in (ENCODED, DENSE):
                    if activation != activation_before:
                        bits[form, ACTIVATION, at] = activation_bits[form, activation]
                    if weight != weight_before:
                        bits[form, WEIGHT, at] = weight_bits[form, weight]
                    if piece == slices - 1:
                        bits[form, OUTPUT, at] = output_bits[form, output]
                weight_before, activation_before = weight, activation
                at += 1
        first_weight += filter_blocks * slices
        first_activation += position_blocks * slices
        first_output += filter_blocks * position_blocks
    return passes, bits
