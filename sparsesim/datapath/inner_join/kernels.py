"""The recurrence of DESIGN section 3, a vector of PEs at a time; `machine.py` gives it meaning.

Times are lanes of 16 or 32 bits relative to an int64 base, moved along now and then. A PE's time
`free` is the cycle after its last work, `last + 1`; `arrival` is `push + feed_latency`; `gate` is
`drained + 1`. So

    arrival_w[i,w] = max(arrival_w[i,w-1] + 1, max_j free[i,j,w-D] - 1 + 2F)
    free[i,j,w]    = max(arrival_w[i,w], arrival_a[j,w], free[i,j,w-1], gate at a tile's end) + s

Rows and columns beyond the array, there to fill vectors up, hold no pairs: they take one cycle a
window, so they are never behind a real PE of their row or column and hold nothing up.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from sparsesim.datapath.vectors.kernels import (
    below,
    both,
    column_tops,
    divided,
    fill,
    lane_columns,
    lane_rows,
    last_row,
    load,
    load_all,
    load_columns,
    load_rows,
    low,
    minus,
    ones,
    pick,
    plus,
    row_tops,
    running_tops,
    store,
    top,
    total,
    width,
)
from sparsesim.kernel import kernel

# What stands where in `sizes`; `machine.Sizes` says what each is.
ROWS, COLS, DEPTH, FEED, LATENCY, DIVISOR, POSITIONS_INNER = range(7)
ACT_TILES, WEIGHT_TILES, WINDOWS, FULL_COLS, FULL_ROWS, CHUNK, LIMIT, FLOOR = range(7, 15)


def service(act, act_at, act_step, weight, weight_at, weight_step, divisor, columns, parts):
    """Cycles that a vector of PEs works on a window; overloaded below."""
    raise NotImplementedError


@overload(service)
def _service(act, act_at, act_step, weight, weight_at, weight_step, divisor, columns, parts):
    """Masks of 16 pairs a part are joined; without parts, each operand's cycles are given."""
    if not parts.count:

        def given(act, act_at, act_step, weight, weight_at, weight_step, divisor, columns, parts):
            return low(load_columns(act, act_at, columns), load_rows(weight, weight_at, columns))

        return given

    def joined(act, act_at, act_step, weight, weight_at, weight_step, divisor, columns, parts):
        a = load_columns(act, act_at, columns)
        pairs = ones(both(a, load_rows(weight, weight_at, columns)))
        for part in range(1, len(parts)):
            a = load_columns(act, act_at + part * act_step, columns)
            w = load_rows(weight, weight_at + part * weight_step, columns)
            pairs = plus(pairs, ones(both(a, w)))
        if divisor > 1:
            pairs = divided(plus(pairs, divisor - 1), (65535 + divisor) // divisor)
        return top(pairs, 1)

    return joined


@kernel
def count_cycles(act, weight, passes, sizes, columns, rows, parts, state, out):
    """Run passes one after another; thread-safe where each thread has its own `state` and `out`.

    Args:
        act: uint16, flat [groups][tiles][windows][parts][columns, filled up].
        weight: the same with rows.
        passes: int64, shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains.
        sizes: int64, `machine.Sizes`.
        columns: the shape of vectors, see vectors/kernels.py.
        rows: tuple; its length is the rows whose maxima one tree finds, 8 or 16.
        parts: tuple; its length is the parts of a mask, or 0 where cycles are given.
        state: the lanes' dtype, flat, `machine.state_size` long.
        out: int64, shape (n, 6): cycles, then in PE-cycles busy, operand_wait, drain_wait,
            inactive, fill_drain.
    """
    for index in range(passes.shape[0]):
        run_pass(act, weight, passes[index], sizes, columns, rows, parts, state, out[index])


@kernel
def run_pass(act, weight, one, sizes, columns, rows, parts, state, out):
    """One pass: its tiles in order; then the state and the sums say where the cycles went."""
    array_rows, array_cols = sizes[ROWS], sizes[COLS]
    group, m0, m1, p0, p1, w0, w1, drains = one
    m_tiles = (m1 - m0 + array_rows - 1) // array_rows
    p_tiles = (p1 - p0 + array_cols - 1) // array_cols
    tiles = m_tiles * p_tiles
    depth = min(sizes[DEPTH], tiles * (w1 - w0))
    layers = max(1, len(parts))
    act_size, weight_size = layers * sizes[FULL_COLS], layers * sizes[FULL_ROWS]
    clear(state, depth, sizes, columns)

    base, slot, busy, waited, active, inactive = 0, 0, 0, 0, 0, 0
    rows_in, cols_in = array_rows, array_cols
    for tile in range(tiles):
        m = tile // p_tiles if sizes[POSITIONS_INNER] else tile % m_tiles
        p = tile % p_tiles if sizes[POSITIONS_INNER] else tile // m_tiles
        rows_now = min(array_rows, m1 - m0 - m * array_rows)
        cols_now = min(array_cols, p1 - p0 - p * array_cols)
        if rows_now != rows_in or cols_now != cols_in:
            inactive += inactive_sum(state, base, rows_in, cols_in, sizes, columns)
            inactive -= inactive_sum(state, base, rows_now, cols_now, sizes, columns)
            rows_in, cols_in = rows_now, cols_now
        active += rows_now * cols_now
        act_at = (group * sizes[ACT_TILES] + p0 // array_cols + p) * sizes[WINDOWS]
        weight_at = (group * sizes[WEIGHT_TILES] + m0 // array_rows + m) * sizes[WINDOWS]
        window = w0
        while window < w1:
            count = min(sizes[CHUNK], w1 - window)
            ends = drains != 0 and window + count == w1
            worked, held, slot = run_windows(
                act,
                (act_at + window) * act_size,
                weight,
                (weight_at + window) * weight_size,
                (count, slot, depth, ends, rows_now, cols_now),
                sizes,
                columns,
                rows,
                parts,
                state,
            )
            busy += worked
            waited += held
            window += count
        if drains:
            drain(state, rows_now, cols_now, sizes, columns)
        if state[0] > sizes[LIMIT]:
            base += move_base(state, depth, sizes, columns)

    _, _, drained, _, _ = layout(sizes, columns)
    cycles = 0
    vector = width(columns)
    for j in range(array_cols):
        at = drained + j // len(columns) * vector + j % len(columns) * (vector // len(columns))
        cycles = max(cycles, base + state[at] + 1)
    span, edge, beyond = 0, 0, 0
    for i in range(array_rows):
        for j in range(array_cols):
            free = base + state[pe_index(i, j, sizes, columns)]
            if not drains:
                cycles = max(cycles, free)
    for i in range(array_rows):
        for j in range(array_cols):
            free = base + state[pe_index(i, j, sizes, columns)]
            span += free - sizes[FEED]
            edge += sizes[FEED] + max(0, cycles - free)
            if i >= rows_in or j >= cols_in:
                beyond += max(0, free - cycles)
    inactive += inactive_sum(state, base, rows_in, cols_in, sizes, columns)
    lanes = sizes[FULL_ROWS] * sizes[FULL_COLS]
    busy -= (tiles * lanes - active) * (w1 - w0)
    out[0] = cycles
    out[1] = busy
    out[2] = span - inactive - busy - waited
    out[3] = waited
    out[4] = inactive - beyond
    out[5] = edge


@kernel
def layout(sizes, columns):
    """Where in the state lie: gate, arrival at columns, last drain, arrival at rows, rings.

    `free` comes first: for each block of columns, a vector for each group of rows. The rings hold
    in each of their slots the maxima of `free` by column, then by row.
    """
    pes = sizes[FULL_ROWS] * sizes[FULL_COLS]
    edge = sizes[FULL_COLS] // len(columns) * width(columns)
    rings = 2 * pes + 2 * edge + sizes[FULL_ROWS]
    return pes, 2 * pes, 2 * pes + edge, 2 * pes + 2 * edge, rings


@kernel
def pe_index(i, j, sizes, columns):
    """Where in the state PE (i, j) has its `free`."""
    height = width(columns) // len(columns)
    block = j // len(columns) * len(columns) * sizes[FULL_ROWS]
    return block + i // height * width(columns) + j % len(columns) * height + i % height


@kernel
def clear(state, depth, sizes, columns):
    """The state before cycle 0: the first windows are pushed in it, and nothing holds them up."""
    gate, arrival, drained, row_arrival, rings = layout(sizes, columns)
    state[:gate] = sizes[FEED]
    state[gate:arrival] = sizes[FLOOR]
    state[arrival:drained] = sizes[FEED] - 1
    state[drained:row_arrival] = -1
    state[row_arrival:rings] = sizes[FEED] - 1
    state[rings:] = 1 - sizes[FEED]


@kernel
def move_base(state, depth, sizes, columns):
    """Take PE (0, 0)'s time as the new base; what lies far behind it is out of all maxima."""
    moved = np.int64(state[0])
    for index in range(state.size):
        state[index] = max(np.int64(state[index]) - moved, sizes[FLOOR])
    return moved


@kernel
def inactive_sum(state, base, rows_now, cols_now, sizes, columns):
    """The sum of `free` over the PEs that are inactive in a tile of so many rows and columns."""
    found = 0
    for i in range(sizes[ROWS]):
        for j in range(0 if i >= rows_now else cols_now, sizes[COLS]):
            found += base + state[pe_index(i, j, sizes, columns)]
    return found


@kernel
def run_windows(act, act_at, weight, weight_at, span, sizes, columns, rows, parts, state):
    """Run some windows of one tile.

    Args:
        span: windows, next slot of the rings, slots in use, whether the last window ends the tile,
            the tile's rows and columns.
    Returns:
        sum of service times, cycles that PEs waited for drains, next slot.
    """
    count, slot, depth, ends, rows_now, cols_now = span
    gate, arrival, drained, row_arrival, rings = layout(sizes, columns)
    full_cols, full_rows = sizes[FULL_COLS], sizes[FULL_ROWS]
    credit = 2 * sizes[FEED] - 1
    vector, height = width(columns), width(columns) // len(columns)
    blocks, groups = full_cols // len(columns), full_rows // height
    ring_step = blocks * vector + full_rows
    tops = rings + sizes[DEPTH] * ring_step if blocks > 1 else 0
    divisor = sizes[DIVISOR]
    worked = fill(0, columns)
    held = 0
    for window in range(count):
        ring = rings + slot * ring_step
        slot = slot + 1 if slot + 1 < depth else 0
        for block in range(blocks):
            at = arrival + block * vector
            freed = plus(load_all(state, ring + block * vector, columns), credit)
            store(state, at, top(plus(load_all(state, at, columns), 1), freed))
        ring_rows = ring + blocks * vector
        for row in range(0, full_rows, len(rows)):
            freed = plus(load(state, ring_rows + row, rows), credit)
            at = row_arrival + row
            store(state, at, top(plus(load(state, at, rows), 1), freed))
        if ends and window == count - 1:
            held = hold(state, rows_now, cols_now, sizes, columns)
        for block in range(blocks):
            best = fill(sizes[FLOOR], columns)
            here = load_all(state, arrival + block * vector, columns)
            for group in range(groups):
                at = (block * groups + group) * vector
                free = top(load_all(state, at, columns), here)
                free = top(free, load_rows(state, row_arrival + group * height, columns))
                cycles = service(
                    act,
                    act_at + block * len(columns),
                    full_cols,
                    weight,
                    weight_at + group * height,
                    full_rows,
                    divisor,
                    columns,
                    parts,
                )
                worked = plus(worked, cycles)
                free = plus(free, cycles)
                best = top(best, free)
                store(state, at, free)
            store(state, ring + block * vector, column_tops(best, columns))
        if blocks > 1:
            for group in range(groups):
                best = load_all(state, group * vector, columns)
                for block in range(1, blocks):
                    at = (block * groups + group) * vector
                    best = top(best, load_all(state, at, columns))
                store(state, tops + group * vector, best)
        for row in range(0, full_rows, len(rows)):
            best = row_tops(state, tops + row * len(columns), columns, rows)
            store(state, ring_rows + row, best)
        act_at += full_cols * max(1, len(parts))
        weight_at += full_rows * max(1, len(parts))
    return total(worked), held, slot


@kernel
def hold(state, rows_now, cols_now, sizes, columns):
    """Before a tile's last window: active PEs wait until their last result has been drained.

    Returns:
        the sum of the cycles waited with both operands there.
    """
    gate, arrival, _, row_arrival, _ = layout(sizes, columns)
    vector, height = width(columns), width(columns) // len(columns)
    blocks, groups = sizes[FULL_COLS] // len(columns), sizes[FULL_ROWS] // height
    waited = fill(0, columns)
    for block in range(blocks):
        here = load_all(state, arrival + block * vector, columns)
        for group in range(groups):
            at = (block * groups + group) * vector
            ready = top(load_all(state, at, columns), here)
            ready = top(ready, load_rows(state, row_arrival + group * height, columns))
            active = active_lanes(block, group, rows_now, cols_now, columns)
            gated = top(ready, pick(active, load_all(state, gate + at, columns), ready))
            waited = plus(waited, minus(gated, ready))
            store(state, at, gated)
    return total(waited)


@kernel
def drain(state, rows_now, cols_now, sizes, columns):
    """Behind a tile: each column drains its active rows in rising order, one result a cycle.

    With x = drained - row, the chain "one later than the row above, or when ready" is a running
    maximum of x over the rows.
    """
    gate, arrival, drained, _, _ = layout(sizes, columns)
    vector, height = width(columns), width(columns) // len(columns)
    blocks, groups = sizes[FULL_COLS] // len(columns), sizes[FULL_ROWS] // height
    row_in_vector = lane_rows(columns)
    for block in range(blocks):
        last = drained + block * vector
        chain = plus(load_all(state, last, columns), 1)
        for group in range(groups):
            at = (block * groups + group) * vector
            row = plus(row_in_vector, group * height)
            active = active_lanes(block, group, rows_now, cols_now, columns)
            ready = minus(plus(load_all(state, at, columns), sizes[LATENCY] - 1), row)
            ready = pick(active, ready, sizes[FLOOR])
            ready = top(running_tops(ready, columns), chain)
            chain = last_row(ready, columns)
            gates = plus(plus(ready, row), 1)
            store(state, gate + at, pick(active, gates, load_all(state, gate + at, columns)))
        active = below(lane_columns(columns), cols_now - block * len(columns))
        store(state, last, pick(active, plus(chain, rows_now - 1), load_all(state, last, columns)))


@kernel
def active_lanes(block, group, rows_now, cols_now, columns):
    """-1 in the lanes of a vector whose row and column the tile has, else 0."""
    height = width(columns) // len(columns)
    row = below(lane_rows(columns), rows_now - group * height)
    return both(row, below(lane_columns(columns), cols_now - block * len(columns)))
