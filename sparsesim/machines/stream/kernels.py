"""Passes on the array of streams: docs/machines/stream.md, event by event.

Rows run by themselves until their registers are needed again while a result waits for its unit, or
their next segment is not loaded; a unit grants results in the order of time. When segment t is
opened, what rows have left of those before is of t - 1, and is ended before t + 1 is opened, whose
half it frees. A unit grants no more than that takes: each of these results is left before an item
of t - 1 can end, so before anything of t + 1 could ask for the unit.
"""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.machines.stream import columns as at
from sparsesim.machines.stream.dealing.kernels import count_entries, deal
from sparsesim.machines.stream.repeats.kernels import in_step, keep, skip
from sparsesim.machines.stream.rows.kernels import NEVER, empty_unit, run_unit
from sparsesim.machines.vectors.kernels import pointer


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
    most = np.zeros(at.PLANNED, dtype=np.int64)
    items = 0
    for index in range(passes.shape[0]):
        plan_pass(passes[index], sizes, plan)
        for place in range(at.PLANNED):
            most[place] = max(most[place], plan[place])
        items = max(items, plan[at.ALL_ROUNDS] * plan[at.SLOTS] * plan[at.BLOCKS])
    entries = np.empty((most[at.VECTORS], most[at.BLOCKS]), dtype=np.int32)
    order = np.empty(most[at.VECTORS], dtype=np.int32)
    heads = np.empty(most[at.ELEMENTS] + most[at.BLOCKS] + 2, dtype=np.int32)
    lengths = np.empty(items, dtype=np.int32)
    counts = np.empty((most[at.CHUNKS], plan[at.SLOTS]), dtype=np.int32)
    tables = new_state(most, sizes)
    spare = new_state(most, sizes)
    for index in range(passes.shape[0]):
        one = passes[index]
        plan_pass(one, sizes, plan)
        group = 0 if sizes[at.EVERY] else one[GROUP]
        first = one[M0] if sizes[at.WEIGHTS] else one[P0]
        every = sizes[at.EVERY] != 0
        worked, fillers = count_entries(
            words[group], before[group], first, one[K0], every, plan, entries
        )
        deal(entries, plan, sizes, (lengths, counts), order, heads)
        clear(tables)
        # Here and not in front of the loop: Numba frees an array behind its last use, and a pointer
        # is none.
        state, kept, dealt = pointers(tables), pointers(spare), (pointer(lengths), pointer(counts))
        run_pass(pointer(plan), pointer(sizes), dealt, state, kept)
        settle(worked, fillers, plan, tables, out[index])


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
    plan[at.ALL_ROUNDS] = rounds
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
def new_state(most, sizes):
    """Tables of a state, see rows/kernels.py; `most` is the greatest of each of a plan."""
    slots = most[at.SLOTS]
    return (
        np.empty((at.OWN + most[at.STASHES]) * slots, dtype=np.int64),
        np.empty((at.HELD + 1) * slots, dtype=np.int64),
        np.empty((at.BEFORE + 1) * at.OF_SEGMENT, dtype=np.int64),
        np.empty(sizes[at.UNITS] + 1, dtype=np.int64),
        np.empty(at.COUNTED, dtype=np.int64),
    )


@kernel
def pointers(tables):
    """Where tables lie: handing tables on costs more than what is done with them here."""
    times, places, segments, units, sums = tables
    return pointer(times), pointer(places), pointer(segments), pointer(units), pointer(sums)


@kernel
def clear(tables):
    """The state in front of a pass: nothing has been."""
    times, places, segments, units, sums = tables
    slots = places.size // (at.HELD + 1)
    times[:] = -NEVER
    times[at.LAST * slots : (at.LAST + 1) * slots] = -1
    times[at.WAITING * slots : (at.WAITING + 1) * slots] = NEVER
    places[:] = 0
    segments[:] = 0
    for which in (at.NOW, at.BEFORE):
        segments[which * at.OF_SEGMENT + at.READY] = -1
        segments[which * at.OF_SEGMENT + at.FREED] = -NEVER
    units[:] = 0
    sums[:] = 0


@kernel
def run_pass(plan, sizes, dealt, state, kept):
    """Open segment after segment; skip tiles that repeat."""
    full = plan[at.TILES] - (plan[at.LAST_HELD] < sizes[at.LANES])
    segments = plan[at.SEGMENTS]
    tile, kept_tile, next_kept = 0, -1, 1
    while tile < plan[at.TILES]:
        opened = tile * segments - 1
        step = -1
        if kept_tile >= 0:
            step = in_step(opened, kept_tile * segments - 1, plan, sizes, state, kept)
        if step >= 0:
            period = tile - kept_tile
            periods = max(0, full - tile) // period
            skip(periods, period, step, plan, sizes, state, kept)
            tile += periods * period
            kept_tile, next_kept = -1, plan[at.TILES]  # less than a period is left
            if tile == plan[at.TILES]:
                break
        elif tile == next_kept:
            keep(plan, sizes, state, kept)
            kept_tile, next_kept = tile, 2 * tile
        for inside in range(segments):
            open_segment(tile, inside, plan, sizes, state)
            for unit in range(sizes[at.UNITS]):
                run_unit(unit, tile * segments + inside, plan, sizes, dealt, state)
        tile += 1
    for unit in range(sizes[at.UNITS]):
        empty_unit(unit, plan[at.TILES] * segments - 1, plan, sizes, dealt, state)


@kernel
def open_segment(tile, inside, plan, sizes, state):
    """Load a segment: all before the one before it are freed."""
    _, _, segments, _, _ = state
    freed = segments[at.BEFORE * at.OF_SEGMENT + at.FREED]
    for place in range(at.OF_SEGMENT):
        segments[at.BEFORE * at.OF_SEGMENT + place] = segments[place]
    chunk = inside // plan[at.BLOCKS]
    block = inside - chunk * plan[at.BLOCKS]
    before = chunk * plan[at.CHUNK_ROUNDS]
    rounds = min(plan[at.CHUNK_ROUNDS], plan[at.ALL_ROUNDS] - before)
    length = min(plan[at.BLOCK], plan[at.ELEMENTS] - block * plan[at.BLOCK])
    segments[at.FIRST] = max(segments[at.READY] + 1, freed + sizes[at.FEED])
    segments[at.READY] = segments[at.FIRST] + length - 1
    segments[at.FREED] = -NEVER
    segments[at.OFFSET] = (before * plan[at.BLOCKS] + block * rounds) * plan[at.SLOTS]
    segments[at.ROUNDS] = rounds
    segments[at.CHUNK] = chunk
    segments[at.LANES_HELD] = plan[at.LAST_HELD] if tile == plan[at.TILES] - 1 else sizes[at.LANES]
    segments[at.FALLS] = block & 1
    if block:
        segments[at.OPENS] = at.GOES_ON
    else:
        segments[at.OPENS] = at.FROM_ZERO if plan[at.BEGINS] else at.STASHED
    if block < plan[at.BLOCKS] - 1:
        segments[at.CLOSES] = at.GOES_ON
    else:
        segments[at.CLOSES] = at.TO_UNIT if plan[at.ENDS] else at.STASHED


@kernel
def settle(worked, fillers, plan, tables, out):
    """What a pass comes to: its end, and what rows do behind their last entries."""
    times, _, _, units, sums = tables
    end, active, ended = 0, 0, 0
    for slot in range(plan[at.SLOTS]):
        last = times[at.LAST * plan[at.SLOTS] + slot]
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
