"""The recurrence of docs/machines/inner_join.md, a vector of PEs at a time.

Times are lanes of 16 or 32 bits relative to an int64 base, moved along now and then. A PE's time
`free` is the cycle after its last work, `last + 1`; `arrival` is `push + feed_latency`; `gate` is
`drained + 1`. So, with the PE's gate taking part at the end of a tile alone,

    arrival_w[i,w] = max(arrival_w[i,w-1] + 1, max_j free[i,j,w-D] - 1 + 2F)
    free[i,j,w]    = max(arrival_w[i,w], arrival_a[j,w], free[i,j,w-1], gate[i,j]) + s

Rows and columns beyond the array, there to fill vectors up, hold no pairs: they take one cycle a
window, so they are never behind a real PE of their row or column and hold nothing up.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from sparsesim.kernel import kernel
from sparsesim.machines.vectors.kernels import (
    below,
    both,
    column_tops,
    common_ones,
    divided,
    fill,
    height,
    lane_columns,
    lane_rows,
    last_row,
    load,
    load_columns,
    load_rows,
    low,
    minus,
    pick,
    plus,
    row_tops,
    running_tops,
    store,
    top,
    total,
    width,
)

# What stands where in `sizes`; `machine.py` fills it.
ROWS, COLS, DEPTH, FEED, LATENCY, POSITIONS_INNER = range(6)
FULL_ROWS, FULL_COLS, FULL_EDGE, CHUNK, LIMIT, FLOOR = range(6, 12)
ACT_TILES, WEIGHT_TILES, WINDOWS = range(12, 15)
# The time of PE (0, 0), where a state begins.
FIRST_PE = 0


@kernel
def layout(sizes, shape):
    """Where in the state lie: gate, arrival at columns, at rows, each column's last drain, rings.

    `free` comes first: for each block of columns, a vector for each group of rows. The rings hold
    in each of their slots the maxima of `free` by column, then by row.

    Returns:
        five indices, elements of a slot.
    """
    pes = sizes[FULL_ROWS] * sizes[FULL_COLS]
    columns = sizes[FULL_COLS] * height(shape)
    row_arrival = 2 * pes + columns
    drained = row_arrival + sizes[FULL_EDGE]
    return pes, 2 * pes, row_arrival, drained, drained + columns, columns + sizes[FULL_EDGE]


def service(masks, weight, at, step, kinds):
    """Cycles that a vector of PEs works on a window; overloaded below."""
    raise NotImplementedError


@overload(service)
def _service(masks, weight, at, step, kinds):
    """The operands are masks of 16 pairs a part; with `given`, cycles."""
    _, _, _, inverse, given = kinds
    if given.count:

        def least(masks, weight, at, step, kinds):
            shape, _, _, _, _ = kinds
            (cycles,) = masks
            return low(cycles, load_rows(weight, at, shape))

        return least

    if inverse.count:

        def shared(masks, weight, at, step, kinds):
            shape, _, _, (more, inverse), _ = kinds
            pairs = common_ones(masks, weight, at, step, shape)
            return top(divided(plus(pairs, more), inverse), 1)

        return shared

    def joined(masks, weight, at, step, kinds):
        shape, _, _, _, _ = kinds
        return top(common_ones(masks, weight, at, step, shape), 1)

    return joined


@kernel
def run_windows(act, act_at, weight, weight_at, span, sizes, kinds, state):
    """Run some windows of one tile.

    Args:
        act: operand; its first window starts at act_at.
        weight: operand; its first window starts at weight_at.
        span: windows, next slot of the rings, slots in use, whether the last window ends the tile,
            the tile's rows and columns.
        sizes: as in `count_passes`.
        kinds: as in `count_passes`, and a tuple: empty where the operands are masks.
        state: as in `count_passes`.
    Returns:
        sum of service times, cycles that PEs waited for drains, next slot.
    """
    shape, tree, parts, _, _ = kinds
    count, slot, depth, ends, rows_now, cols_now = span
    _, arrival, row_arrival, _, rings, slot_size = layout(sizes, shape)
    full_cols, full_rows = sizes[FULL_COLS], sizes[FULL_ROWS]
    blocks = full_cols >> len(shape)
    credit = 2 * sizes[FEED] - 1
    tops = rings + sizes[DEPTH] * slot_size
    worked = fill(0, shape)
    held = 0
    for window in range(count):
        ring = rings + slot * slot_size
        ring_rows = ring + blocks * width(shape)
        slot = slot + 1 if slot + 1 < depth else 0
        # Both arrivals lie side by side, as do the maxima in a slot of the rings.
        for at in range(0, slot_size, width(shape)):
            freed = plus(load(state, ring + at, shape), credit)
            store(state, arrival + at, top(plus(load(state, arrival + at, shape), 1), freed))
        if ends and window == count - 1:
            held = hold(rows_now, cols_now, sizes, shape, state)
        for block in range(blocks):
            masks = load_columns(act, act_at + (block << len(shape)), full_cols, shape, parts)
            here = load(state, arrival + block * width(shape), shape)
            latest = fill(sizes[FLOOR], shape)
            for row in range(0, full_rows, 1 << len(tree)):
                first = (block * full_rows + row) << len(shape)
                for group in range((1 << len(tree)) // height(shape)):
                    at, line = first + group * width(shape), row + group * height(shape)
                    free = top(load(state, at, shape), here)
                    free = top(free, load_rows(state, row_arrival + line, shape))
                    line += weight_at
                    cycles = service(masks, weight, line, full_rows, kinds)
                    worked = plus(worked, cycles)
                    free = plus(free, cycles)
                    latest = top(latest, free)
                    store(state, at, free)
                if blocks == 1:
                    store(state, ring_rows + row, row_tops(state, first, shape, tree))
            store(state, ring + block * width(shape), column_tops(latest, shape))
        if blocks > 1:
            merge_blocks(ring_rows, tops, sizes, shape, tree, state)
        act_at += full_cols * len(parts)
        weight_at += full_rows * len(parts)
    return total(worked), held, slot


@kernel
def merge_blocks(ring_rows, tops, sizes, shape, tree, state):
    """The maxima of rows that several blocks of columns make up."""
    full_rows, blocks = sizes[FULL_ROWS], sizes[FULL_COLS] >> len(shape)
    for at in range(0, full_rows << len(shape), width(shape)):
        latest = load(state, at, shape)
        for block in range(1, blocks):
            latest = top(latest, load(state, at + (block * full_rows << len(shape)), shape))
        store(state, tops + at, latest)
    for row in range(0, full_rows, 1 << len(tree)):
        store(state, ring_rows + row, row_tops(state, tops + (row << len(shape)), shape, tree))


@kernel
def hold(rows_now, cols_now, sizes, shape, state):
    """Before a tile's last window: active PEs wait until their last result has been drained.

    Returns:
        the sum of the cycles waited with both operands there.
    """
    gate, arrival, row_arrival, _, _, _ = layout(sizes, shape)
    groups = sizes[FULL_ROWS] // height(shape)
    waited = fill(0, shape)
    for block in range(sizes[FULL_COLS] >> len(shape)):
        here = load(state, arrival + block * width(shape), shape)
        for group in range(groups):
            at = (block * groups + group) * width(shape)
            ready = top(load(state, at, shape), here)
            ready = top(ready, load_rows(state, row_arrival + group * height(shape), shape))
            active = lanes_within(block, group, rows_now, cols_now, shape)
            gated = top(ready, pick(active, load(state, gate + at, shape), ready))
            waited = plus(waited, minus(gated, ready))
            store(state, at, gated)
    return total(waited)


@kernel
def drain(rows_now, cols_now, sizes, shape, state):
    """Behind a tile: each column drains its active rows in rising order, one result a cycle.

    With x = drained - row, the chain "one later than the row above, or when ready" is a running
    maximum of x over the rows.
    """
    gate, _, _, drained, _, _ = layout(sizes, shape)
    groups = sizes[FULL_ROWS] // height(shape)
    for block in range(sizes[FULL_COLS] >> len(shape)):
        last = drained + block * width(shape)
        chain = plus(load(state, last, shape), 1)
        for group in range(groups):
            at = (block * groups + group) * width(shape)
            row = plus(lane_rows(shape), group * height(shape))
            active = lanes_within(block, group, rows_now, cols_now, shape)
            ready = minus(plus(load(state, at, shape), sizes[LATENCY] - 1), row)
            ready = pick(active, ready, sizes[FLOOR])
            ready = top(running_tops(ready, shape), chain)
            chain = last_row(ready, shape)
            gates = plus(plus(ready, row), 1)
            store(state, gate + at, pick(active, gates, load(state, gate + at, shape)))
        active = below(lane_columns(shape), cols_now - (block << len(shape)))
        store(state, last, pick(active, plus(chain, rows_now - 1), load(state, last, shape)))


@kernel
def lanes_within(block, group, rows, cols, shape):
    """-1 in the lanes of a vector whose row and column lie within so many, else 0."""
    row = below(lane_rows(shape), rows - group * height(shape))
    return both(row, below(lane_columns(shape), cols - (block << len(shape))))


@kernel
def clear(depth, sizes, shape, state):
    """The state before cycle 0: the first windows are pushed in it, and nothing holds them up."""
    gate, arrival, _, drained, rings, slot_size = layout(sizes, shape)
    fill_range(0, gate, sizes[FEED], shape, state)
    fill_range(gate, arrival, sizes[FLOOR], shape, state)
    fill_range(arrival, drained, sizes[FEED] - 1, shape, state)
    fill_range(drained, rings, -1, shape, state)
    fill_range(rings, rings + depth * slot_size, 1 - sizes[FEED], shape, state)


@kernel
def fill_range(first, last, value, shape, state):
    """Set elements first to last, whole vectors."""
    for at in range(first, last, width(shape)):
        store(state, at, fill(value, shape))


@kernel
def move_base(depth, sizes, shape, state):
    """Take PE (0, 0)'s time as the new base; what lies too far behind it is out of all maxima.

    Returns:
        cycles that the base moved.
    """
    _, _, _, _, rings, slot_size = layout(sizes, shape)
    moved = np.int64(state[FIRST_PE])
    for at in range(0, rings + depth * slot_size, width(shape)):
        kept = top(load(state, at, shape), moved + sizes[FLOOR])
        store(state, at, minus(kept, moved))
    return moved
