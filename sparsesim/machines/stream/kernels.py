"""Passes on the array of streams: docs/machines/stream.md, event by event.

Rows run by themselves until a result waits for their unit, or their next segment is not loaded; a
unit grants results in the order of time. When segment t is opened, what rows have left of those
before is of t - 1, and is ended before t + 1 is opened, whose half it frees. So whatever a unit
granted by then left before anything of t + 1 could ask for it.
"""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.machines.stream import columns as at
from sparsesim.machines.stream.dealing.kernels import count_entries, deal
from sparsesim.machines.stream.repeats.kernels import in_step, keep, skip
from sparsesim.machines.stream.rows.kernels import NEVER, empty_unit, run_unit


@kernel
def count_passes(words, before, passes, sizes, out):
    """Run passes one after another; thread-safe.

    Args:
        words, before: of `Vectors`, the operand that is streamed, in groups as passes count them;
            where every element is an entry they are not looked at.
        passes: int64, shape (n, 8), `Passes.table`.
        sizes: int64, of the array, see `columns`.
        out: int64, shape (n, COUNTED), see `columns`.
    """
    plan = np.empty(at.PLANNED, dtype=np.int64)
    vectors, blocks, lengths, counted, stashes, elements = 0, 0, 0, 0, 0, 0
    for index in range(passes.shape[0]):
        plan_pass(passes[index], sizes, plan)
        rounds = (plan[at.VECTORS] + sizes[at.ROWS] - 1) // sizes[at.ROWS]
        vectors = max(vectors, plan[at.VECTORS])
        blocks = max(blocks, plan[at.BLOCKS])
        lengths = max(lengths, rounds * plan[at.SLOTS] * plan[at.BLOCKS])
        counted = max(counted, plan[at.CHUNKS])
        stashes = max(stashes, plan[at.STASHES])
        elements = max(elements, plan[at.ELEMENTS] + plan[at.BLOCKS])
    entries = np.empty((vectors, blocks), dtype=np.int32)
    order = np.empty(vectors, dtype=np.int32)
    heads = np.empty(elements + 2, dtype=np.int32)
    dealt = (
        np.empty(lengths, dtype=np.int32),
        np.empty((counted, plan[at.SLOTS]), dtype=np.int32),
    )
    state, kept = (
        new_state(plan[at.SLOTS], stashes, sizes),
        new_state(plan[at.SLOTS], stashes, sizes),
    )
    for index in range(passes.shape[0]):
        one = passes[index]
        plan_pass(one, sizes, plan)
        first = one[M0] if sizes[at.WEIGHTS] else one[P0]
        group = 0 if sizes[at.EVERY] else one[GROUP]
        every = sizes[at.EVERY] != 0
        worked, fillers = count_entries(
            words[group], before[group], first, one[K0], every, plan, entries
        )
        deal(entries, plan, sizes, dealt, order, heads)
        clear(state)
        run_pass(plan, sizes, dealt, state, kept)
        settle(worked, fillers, plan, sizes, state, out[index])


@kernel
def plan_pass(one, sizes, plan):
    """How a pass is taken: "Order" on the page."""
    filters, positions = one[M1] - one[M0], one[P1] - one[P0]
    vectors, held = (filters, positions) if sizes[at.WEIGHTS] else (positions, filters)
    elements = one[K1] - one[K0]
    rows = sizes[at.ROWS]
    blocks = (elements + sizes[at.DEPTH] - 1) // sizes[at.DEPTH]
    rounds = (vectors + rows - 1) // rows
    is_all = one[K0] == 0 and one[DRAINS] != 0
    stays = blocks == 1 and is_all
    chunk_rounds = rounds if stays else sizes[at.STASH]
    plan[at.OF_UNIT] = (rows + sizes[at.UNITS] - 1) // sizes[at.UNITS]
    plan[at.SLOTS] = plan[at.OF_UNIT] * sizes[at.UNITS]
    plan[at.BLOCKS] = blocks
    plan[at.BLOCK] = (elements + blocks - 1) // blocks
    plan[at.CHUNK_ROUNDS] = chunk_rounds
    plan[at.CHUNKS] = (rounds + chunk_rounds - 1) // chunk_rounds
    plan[at.TILES] = (held + sizes[at.LANES] - 1) // sizes[at.LANES]
    plan[at.SEGMENTS] = plan[at.CHUNKS] * blocks
    plan[at.LAST_HELD] = held - (plan[at.TILES] - 1) * sizes[at.LANES]
    plan[at.ELEMENTS] = elements
    plan[at.BEGINS] = one[K0] == 0
    plan[at.ENDS] = one[DRAINS]
    plan[at.VECTORS] = vectors
    plan[at.SORTED] = sizes[at.WEIGHTS] != 0 and is_all
    plan[at.STASHES] = 0 if stays else min(rounds, chunk_rounds)


@kernel
def new_state(slots, stashes, sizes):
    """Tables of a state, see rows/kernels.py."""
    return (
        np.empty((at.OWN + stashes, slots), dtype=np.int64),
        np.empty((at.HELD + 1, slots), dtype=np.int64),
        np.empty((at.BEFORE + 1, at.OF_SEGMENT), dtype=np.int64),
        np.empty(sizes[at.UNITS] + 1, dtype=np.int64),
        np.empty(at.COUNTED, dtype=np.int64),
    )


@kernel
def clear(state):
    """The state in front of a pass: nothing has been."""
    times, places, segments, units, sums = state
    times[:] = -NEVER
    times[at.LAST] = -1
    times[at.WAITING] = NEVER
    places[:] = 0
    segments[:] = 0
    segments[:, : at.FREED + 1] = -NEVER
    segments[:, at.READY] = -1
    units[:] = 0
    sums[:] = 0


@kernel
def run_pass(plan, sizes, dealt, state, kept):
    """Open segment after segment; skip tiles that repeat."""
    full = plan[at.TILES] - (plan[at.LAST_HELD] < sizes[at.LANES])
    tile, kept_tile, next_kept = 0, -1, 1
    while tile < plan[at.TILES]:
        opened = tile * plan[at.SEGMENTS] - 1
        step = -1
        if kept_tile >= 0:
            step = in_step(opened, kept_tile * plan[at.SEGMENTS] - 1, plan, state, kept)
        if step >= 0:
            period = tile - kept_tile
            periods = max(0, full - tile) // period
            skip(periods, period, step, plan, state, kept)
            tile += periods * period
            kept_tile, next_kept = -1, plan[at.TILES]  # less than a period is left
            if tile == plan[at.TILES]:
                break
        elif tile == next_kept:
            keep(state, kept)
            kept_tile, next_kept = tile, 2 * tile
        for inside in range(plan[at.SEGMENTS]):
            open_segment(tile, inside, plan, sizes, state)
            for unit in range(sizes[at.UNITS]):
                run_unit(unit, tile * plan[at.SEGMENTS] + inside, plan, sizes, dealt, state)
        tile += 1
    for unit in range(sizes[at.UNITS]):
        empty_unit(unit, plan[at.TILES] * plan[at.SEGMENTS] - 1, plan, sizes, dealt, state)


@kernel
def open_segment(tile, inside, plan, sizes, state):
    """Load a segment: all before the one before it are freed."""
    _, _, segments, _, _ = state
    freed = segments[at.BEFORE, at.FREED]
    segments[at.BEFORE] = segments[at.NOW]
    chunk = inside // plan[at.BLOCKS]
    block = inside - chunk * plan[at.BLOCKS]
    rounds = (plan[at.VECTORS] + sizes[at.ROWS] - 1) // sizes[at.ROWS]
    in_chunk = min(plan[at.CHUNK_ROUNDS], rounds - chunk * plan[at.CHUNK_ROUNDS])
    before = chunk * plan[at.CHUNK_ROUNDS] * plan[at.BLOCKS] + block * in_chunk
    length = min(plan[at.BLOCK], plan[at.ELEMENTS] - block * plan[at.BLOCK])
    is_last = block == plan[at.BLOCKS] - 1
    opened = segments[at.NOW]
    opened[at.FIRST] = max(segments[at.BEFORE, at.READY] + 1, freed + sizes[at.FEED])
    opened[at.READY] = opened[at.FIRST] + length - 1
    opened[at.FREED] = -NEVER
    opened[at.OFFSET] = before * plan[at.SLOTS]
    opened[at.ROUNDS] = in_chunk
    opened[at.CHUNK] = chunk
    opened[at.LANES_HELD] = plan[at.LAST_HELD] if tile == plan[at.TILES] - 1 else sizes[at.LANES]
    opened[at.FALLS] = block & 1
    if block:
        opened[at.OPENS] = at.GOES_ON
    else:
        opened[at.OPENS] = at.FROM_ZERO if plan[at.BEGINS] else at.STASHED
    if not is_last:
        opened[at.CLOSES] = at.GOES_ON
    else:
        opened[at.CLOSES] = at.TO_UNIT if plan[at.ENDS] else at.STASHED


@kernel
def settle(worked, fillers, plan, sizes, state, out):
    """What a pass comes to: its end, and what rows do behind their last entries."""
    times, _, _, units, sums = state
    end, active, ended = 0, 0, 0
    for slot in range(plan[at.SLOTS]):
        last = times[at.LAST, slot]
        if last >= 0:
            active += 1
            ended += last
            end = max(end, last)
    out[:] = sums
    out[at.CYCLES] = units[-1] + 1
    out[at.WORKED] = worked
    out[at.FILLERS] = fillers
    out[at.IMBALANCE] += active * end - ended
    out[at.FILL] += active * (out[at.CYCLES] - 1 - end)
