"""Passes on the inner-join array: tiles in order, and where the cycles went.

Classes are not counted window by window. A PE's time from its first window on is work, waits for
drains, waits for operands and times in tiles where it is inactive; all but the waits for operands
are known from sums, so those are the rest.
"""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.machines.inner_join.array.kernels import (
    ACT_TILES,
    CHUNK,
    COLS,
    DEPTH,
    FEED,
    FIRST_PE,
    FULL_COLS,
    FULL_ROWS,
    LIMIT,
    POSITIONS_INNER,
    ROWS,
    WEIGHT_TILES,
    WINDOWS,
    clear,
    drain,
    lanes_within,
    layout,
    move_base,
    run_windows,
)
from sparsesim.machines.inner_join.columns import (
    BUSY,
    CYCLES,
    DRAIN_WAIT,
    FILL_DRAIN,
    INACTIVE,
    OPERAND_WAIT,
)
from sparsesim.machines.inner_join.repeats.kernels import in_step, keep, skip
from sparsesim.machines.vectors.kernels import (
    fill,
    greatest,
    height,
    load,
    minus,
    pick,
    pointer,
    top,
    total,
    width,
)


@kernel
def count_passes(act, weight, passes, matters, sizes, kinds, state, out):
    """Run passes one after another; thread-safe where no two threads share `state` and `out`.

    Args:
        act: uint16, flat [groups][tiles][windows][parts][columns, filled up].
        weight: the same with rows.
        passes: int64, shape (n, 8): as `Passes`, but with K0 and K1 in windows.
        matters: which operands' bits set service times: 1 activations, 2 weights, 3 both. For 3
            the operands are masks; else they hold cycles, and have one part.
        sizes: int64, see array/kernels.py and `machine.py`.
        kinds: four tuples that specialise the code: `shape` of vectors (vectors/kernels.py);
            `tree` of n, 2**n being the rows whose maxima are found together; as many `parts` as a
            mask has; empty for one lane, else (lanes - 1, 65536 / lanes rounded up).
        state: the lanes' dtype, flat, for two states one behind the other.
        out: int64, shape (n, 6), see `columns`.
    """
    shape, tree, parts, _ = kinds
    kept = pointer(state[state.size // 2 :])
    act, weight, sizes, state = pointer(act), pointer(weight), pointer(sizes), pointer(state)
    for index in range(passes.shape[0]):
        w0, w1, drains = passes[index, K0], passes[index, K1], passes[index, DRAINS]
        zero = np.int64(0)
        cut = cut_tiles(passes[index], sizes)
        _, _, _, _, row_tiles, column_tiles = cut
        tiles = row_tiles * column_tiles
        depth = min(sizes[DEPTH], tiles * (w1 - w0))
        clear(depth, sizes, shape, state)
        base, slot, busy, waited, active, inactive = zero, zero, zero, zero, zero, zero
        rows_in, cols_in = sizes[ROWS], sizes[COLS]
        kept_for, kept_base, kept_slot = np.int64(-1), zero, zero
        tile = zero
        while tile < tiles:
            act_at, weight_at, rows_now, cols_now = tile_operands(tile, cut, sizes)
            if rows_now != rows_in or cols_now != cols_in:
                inactive += inactive_sum(base, rows_in, cols_in, sizes, shape, state)
                inactive -= inactive_sum(base, rows_now, cols_now, sizes, shape, state)
                rows_in, cols_in = rows_now, cols_now
            worked, held, window = zero, zero, w0
            while window < w1:
                count = min(sizes[CHUNK], w1 - window)
                ends = drains != 0 and window + count == w1
                span = (count, slot, depth, ends, rows_now, cols_now)
                a, w = (act_at + window) * sizes[FULL_COLS], (weight_at + window) * sizes[FULL_ROWS]
                if matters != 3:
                    as_given = (shape, tree, (0,), (), (0,))
                    work, wait, slot = run_windows(act, a, weight, w, span, sizes, as_given, state)
                else:
                    a, w, as_masks = a * len(parts), w * len(parts), (*kinds, ())
                    work, wait, slot = run_windows(act, a, weight, w, span, sizes, as_masks, state)
                worked += work
                held += wait
                window += count
                if state[FIRST_PE] > sizes[LIMIT]:
                    base += move_base(depth, sizes, shape, state)
            if drains:
                drain(rows_now, cols_now, sizes, shape, state)
            run = np.int64(1)
            if equal_tiles(tile, tile + 1, tiles, matters, cut, sizes):
                if kept_for == tile and in_step(
                    slot, kept_slot, depth, rows_now, cols_now, sizes, shape, state, kept
                ):
                    while equal_tiles(tile, tile + run, tiles, matters, cut, sizes):
                        run += 1
                    step = base - kept_base + np.int64(state[FIRST_PE]) - np.int64(kept[FIRST_PE])
                    base += skip((run - 1) * step, depth, rows_now, cols_now, sizes, shape, state)
                else:
                    keep(depth, sizes, shape, state, kept)
                    kept_for, kept_base, kept_slot = tile + 1, base, slot
            busy += run * worked
            waited += run * held
            active += run * rows_now * cols_now
            tile += run
        busy -= (tiles * sizes[FULL_ROWS] * sizes[FULL_COLS] - active) * (w1 - w0)
        inactive += inactive_sum(base, rows_in, cols_in, sizes, shape, state)
        end = last_cycle(drains, sizes, shape, state) + 1
        span_sum, edge, beyond = settle(end, rows_in, cols_in, sizes, shape, state)
        pes = sizes[ROWS] * sizes[COLS]
        out[index, CYCLES] = base + end
        out[index, BUSY] = busy
        out[index, OPERAND_WAIT] = span_sum + (base - sizes[FEED]) * pes - inactive - busy - waited
        out[index, DRAIN_WAIT] = waited
        out[index, INACTIVE] = inactive - beyond
        out[index, FILL_DRAIN] = edge + sizes[FEED] * pes


@kernel
def cut_tiles(one, sizes):
    """A pass in tiles: first tile of each operand, filters, positions, tiles of each."""
    filters, positions = one[M1] - one[M0], one[P1] - one[P0]
    return (
        one[GROUP] * sizes[ACT_TILES] + one[P0] // sizes[COLS],
        one[GROUP] * sizes[WEIGHT_TILES] + one[M0] // sizes[ROWS],
        filters,
        positions,
        (filters + sizes[ROWS] - 1) // sizes[ROWS],
        (positions + sizes[COLS] - 1) // sizes[COLS],
    )


@kernel
def tile_operands(tile, cut, sizes):
    """A tile of a pass: the first windows of its operands, its rows, its columns."""
    act_first, weight_first, filters, positions, m_tiles, p_tiles = cut
    if sizes[POSITIONS_INNER]:
        m = tile // p_tiles
        p = tile - m * p_tiles
    else:
        p = tile // m_tiles
        m = tile - p * m_tiles
    return (
        (act_first + p) * sizes[WINDOWS],
        (weight_first + m) * sizes[WINDOWS],
        min(sizes[ROWS], filters - m * sizes[ROWS]),
        min(sizes[COLS], positions - p * sizes[COLS]),
    )


@kernel
def equal_tiles(first, second, tiles, matters, cut, sizes):
    """Whether two tiles are there and all their service times are known to be equal."""
    if matters == 3 or second >= tiles:
        return False
    act_a, weight_a, rows_a, cols_a = tile_operands(first, cut, sizes)
    act_b, weight_b, rows_b, cols_b = tile_operands(second, cut, sizes)
    same = rows_a == rows_b and cols_a == cols_b
    same = same and (act_a == act_b or matters & 1 == 0)
    return same and (weight_a == weight_b or matters & 2 == 0)


@kernel
def inactive_sum(base, rows_now, cols_now, sizes, shape, state):
    """The sum of `free` over the PEs that are inactive in a tile of so many rows and columns."""
    groups = sizes[FULL_ROWS] // height(shape)
    found = base * (sizes[ROWS] * sizes[COLS] - rows_now * cols_now)
    if rows_now < sizes[ROWS] or cols_now < sizes[COLS]:
        for block in range(sizes[FULL_COLS] >> len(shape)):
            for group in range(groups):
                free = load(state, (block * groups + group) * width(shape), shape)
                real = lanes_within(block, group, sizes[ROWS], sizes[COLS], shape)
                active = lanes_within(block, group, rows_now, cols_now, shape)
                found += total(pick(real, free, 0)) - total(pick(active, free, 0))
    return found


@kernel
def last_cycle(drains, sizes, shape, state):
    """The last drain, or the last work where nothing drains, relative to the base."""
    _, _, _, drained, rings, _ = layout(sizes, shape)
    first, last = (drained, rings) if drains else (0, sizes[FULL_ROWS] * sizes[FULL_COLS])
    latest = load(state, first, shape)
    for at in range(first + width(shape), last, width(shape)):
        latest = top(latest, load(state, at, shape))
    return greatest(latest) - (0 if drains else 1)


@kernel
def settle(end, rows_in, cols_in, sizes, shape, state):
    """Sums over the array's PEs when the pass has ended, times relative to the base.

    Args:
        end: cycle after the pass's last.
        rows_in, cols_in: of the last tile.
    Returns:
        the sum of `free`; cycles from `free` to the end; cycles of inactive PEs behind the end.
    """
    groups = sizes[FULL_ROWS] // height(shape)
    span, edge, beyond = np.int64(0), np.int64(0), np.int64(0)
    for block in range(sizes[FULL_COLS] >> len(shape)):
        for group in range(groups):
            free = load(state, (block * groups + group) * width(shape), shape)
            real = lanes_within(block, group, sizes[ROWS], sizes[COLS], shape)
            active = lanes_within(block, group, rows_in, cols_in, shape)
            left = pick(real, minus(fill(end, shape), free), 0)
            span += total(pick(real, free, 0))
            edge += total(top(left, 0))
            beyond += total(pick(active, fill(0, shape), minus(top(left, 0), left)))
    return span, edge, beyond
