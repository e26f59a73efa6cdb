"""Equal tiles one after another: the array falls into step, and the rest need not be run.

Tiles with equal service times turn the same state into the same state. So once a tile has moved
every time that still matters by the same `step`, each equal tile behind it adds the same again:
`step` cycles, the same work, the same waits. That is exact; where it doesn't happen, all tiles
are run. Times that matter no more, or not before another kind of tile, are those of PEs and columns
inactive in the tile: their last drains stand still.
"""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.inner_join.array.kernels import (
    FIRST_PE,
    FLOOR,
    FULL_COLS,
    FULL_EDGE,
    FULL_ROWS,
    LIMIT,
    lanes_within,
    layout,
    move_base,
)
from sparsesim.machines.vectors.kernels import (
    below,
    both,
    fill,
    height,
    lane_columns,
    lane_numbers,
    load,
    minus,
    pick,
    plus,
    store,
    top,
    total,
    width,
)


@kernel
def keep(depth, sizes, shape, state, kept):
    """Copy the state."""
    _, _, _, _, rings, slot_size = layout(sizes, shape)
    for at in range(0, rings + depth * slot_size, width(shape)):
        store(kept, at, load(state, at, shape))


@kernel
def in_step(slot, kept_slot, depth, rows_now, cols_now, sizes, shape, state, kept):
    """Whether all times that matter have moved as PE (0, 0)'s has since the state was kept.

    Args:
        slot, kept_slot: next slot of the rings, now and then.
        depth: slots in use.
        rows_now, cols_now: of the tile.
    """
    gate, arrival, _, drained, rings, slot_size = layout(sizes, shape)
    step = fill(np.int64(state[FIRST_PE]) - np.int64(kept[FIRST_PE]), shape)
    groups = sizes[FULL_ROWS] // height(shape)
    wrong = fill(0, shape)
    for block in range(sizes[FULL_COLS] >> len(shape)):
        active = below(lane_columns(shape), cols_now - (block << len(shape)))
        at = drained + block * width(shape)
        wrong = plus(
            wrong, both(active, differs(load(state, at, shape), load(kept, at, shape), step))
        )
        for group in range(groups):
            at = (block * groups + group) * width(shape)
            active = lanes_within(block, group, rows_now, cols_now, shape)
            wrong = plus(wrong, differs(load(state, at, shape), load(kept, at, shape), step))
            at += gate
            off = differs(load(state, at, shape), load(kept, at, shape), step)
            wrong = plus(wrong, both(active, off))
    # Arrivals and the slots of the rings are laid out alike; lanes behind the rows hold nothing.
    used = slot_size - sizes[FULL_EDGE] + sizes[FULL_ROWS]
    now, then = arrival, arrival
    for index in range(depth + 1):
        for at in range(0, slot_size, width(shape)):
            off = differs(load(state, now + at, shape), load(kept, then + at, shape), step)
            wrong = plus(wrong, both(below(lane_numbers(shape), used - at), off))
        now = rings + (slot + index) % depth * slot_size
        then = rings + (kept_slot + index) % depth * slot_size
    return total(wrong) == 0


@kernel
def differs(now, then, step):
    """-1 in lanes that have not moved by `step`, else 0."""
    moved = minus(now, then)
    return plus(below(moved, step), below(step, moved))


@kernel
def skip(cycles, depth, rows_now, cols_now, sizes, shape, state):
    """Move all times on by `cycles`, but for those that stand still in such a tile.

    Returns:
        cycles to add to the base.
    """
    gate, _, _, drained, _, _ = layout(sizes, shape)
    moved = move_base(depth, sizes, shape, state)
    # Relative to the new base, nothing that can still matter is below -LIMIT.
    back = min(cycles, sizes[LIMIT] * 5 // 2)
    groups = sizes[FULL_ROWS] // height(shape)
    for block in range(sizes[FULL_COLS] >> len(shape)):
        active = below(lane_columns(shape), cols_now - (block << len(shape)))
        stand(drained + block * width(shape), active, back, sizes, shape, state)
        for group in range(groups):
            active = lanes_within(block, group, rows_now, cols_now, shape)
            at = gate + (block * groups + group) * width(shape)
            stand(at, active, back, sizes, shape, state)
    return moved + cycles


@kernel
def stand(at, active, back, sizes, shape, state):
    """Take `back` from the inactive lanes of a vector, though not below the floor."""
    times = load(state, at, shape)
    older = minus(top(times, sizes[FLOOR] + back), back)
    store(state, at, pick(active, times, older))
