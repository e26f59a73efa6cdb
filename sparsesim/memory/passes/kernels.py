"""Kernels that cut a layer into blocks and lay these out as passes."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.lowering.columns import FILTERS, OUTPUT_SHAPE, REDUCTION
from sparsesim.lowering.kernels import along_axes
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.memory.columns import (
    ACTIVATION,
    BLOCK_ELEMENTS,
    BLOCK_FILTERS,
    BLOCK_POSITIONS,
    BLOCK_POSITIONS_OUTER,
    CUT_GROUP,
    CUT_M0,
    CUT_M1,
    CUT_P0,
    CUT_P1,
    DENSE,
    ENCODED,
    OUTPUT,
    TRIED_GROUP,
    TRIED_SIZE,
    WEIGHT,
)


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
            tried[TRIED_GROUP, trial] = index
            tried[TRIED_SIZE, trial] = min((largest[index] - less) * step, length)
            trial += 1
    firsts, owners, starts, ends = cut_evenly(length, tried[TRIED_SIZE])
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
                cut[CUT_GROUP, block] = index
                cut[CUT_M0, block] = m
                cut[CUT_M1, block] = min(m + filter_blocks[index], filters)
                cut[CUT_P0, block] = p
                cut[CUT_P1, block] = min(p + position_blocks[index], positions)
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
    filters, reduction = geometry[FILTERS], geometry[REDUCTION]
    images, depth, rows, columns = along_axes(geometry, OUTPUT_SHAPE)
    positions = images * depth * rows * columns
    count = np.int64(0)
    for group in range(blocks.shape[0]):
        tiles = (filters + blocks[group, BLOCK_FILTERS] - 1) // blocks[group, BLOCK_FILTERS]
        tiles *= (positions + blocks[group, BLOCK_POSITIONS] - 1) // blocks[group, BLOCK_POSITIONS]
        step = max(blocks[group, BLOCK_ELEMENTS], 1)
        count += tiles * max((reduction + step - 1) // step, 1)
    passes = np.empty((count, 8), np.int64)
    bits = np.zeros((2, 3, count), np.int64)
    at = 0
    first_weight, first_activation, first_output = 0, 0, 0
    for group in range(blocks.shape[0]):
        block_filters = blocks[group, BLOCK_FILTERS]
        block_positions = blocks[group, BLOCK_POSITIONS]
        filter_blocks = (filters + block_filters - 1) // block_filters
        position_blocks = (positions + block_positions - 1) // block_positions
        step = max(blocks[group, BLOCK_ELEMENTS], 1)
        slices = max((reduction + step - 1) // step, 1)
        weight_before, activation_before = -1, -1
        for tile in range(filter_blocks * position_blocks):
            if blocks[group, BLOCK_POSITIONS_OUTER] == 1:
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
