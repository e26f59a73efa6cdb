"""Passes on the systolic array, tile by tile: when each begins, when it has left, what waited."""

from __future__ import annotations

from sparsesim.kernel import kernel
from sparsesim.machines.systolic.columns import (
    COLS,
    CYCLES,
    DRAIN,
    DRAIN_LATENCY,
    FILL,
    KEEPS_WEIGHTS,
    LEAST_INTERVAL,
    OVERLAPS,
    PRELOAD,
    ROWS,
    SKEW,
    STEPS,
    TILE_POSITIONS,
    UNITS,
    WRITE_LATENCY,
)


@kernel
def count_passes(shapes, array, out):
    """Run passes one after another.

    Args:
        shapes: int64, (passes, 4), see `columns`.
        array: int64, (10,), likewise.
        out: int64, (passes, 5), likewise.
    """
    cols, units, keeps_weights = array[COLS], array[UNITS], array[KEEPS_WEIGHTS] != 0
    for index in range(shapes.shape[0]):
        filters, positions, elements, drains = shapes[index]
        folds = -(-elements // array[ROWS]) if keeps_weights else 1
        start, steps = array[ROWS] if keeps_weights else 0, 0
        ended, may_start = 0, 0  # of the last tile's drain; of a last fold
        worked, preload, fill, drain = 0, start, 0, 0
        is_first = True
        for p in range(0, positions, array[TILE_POSITIONS]):
            for m in range(0, filters, cols):
                if not is_first:
                    gap, skew = gap_behind(steps, array)
                    start += steps + gap
                    fill += skew
                    preload += gap - skew
                is_first = False
                of_tile = min(array[TILE_POSITIONS], positions - p)
                steps = of_tile if keeps_weights else elements
                gap, skew = gap_behind(steps, array)
                start += (folds - 1) * (steps + gap)
                fill += (folds - 1) * skew
                preload += (folds - 1) * (gap - skew)
                worked += folds * steps
                if drains:
                    drain += max(0, may_start - start)
                    start = max(may_start, start)
                    of_a_unit = -(-min(cols, filters - m) // units)
                    behind = 0 if keeps_weights else steps
                    ended = max(ended, start + array[DRAIN_LATENCY] + behind) + of_tile * of_a_unit
                    may_start = ended - of_tile - of_a_unit + 1 - array[WRITE_LATENCY] - behind
        cycles = max(ended, start + steps + array[SKEW])
        out[index, CYCLES] = cycles
        out[index, STEPS] = worked
        out[index, PRELOAD] = preload
        out[index, FILL] = fill + array[SKEW]
        out[index, DRAIN] = drain + cycles - start - steps - array[SKEW]


@kernel
def gap_behind(steps, array):
    """Cycles between a fold's last step and the next fold's first, and those of skew in them."""
    if array[OVERLAPS] != 0:
        return max(0, array[LEAST_INTERVAL] - steps), 0
    own = array[SKEW] + (array[ROWS] if array[KEEPS_WEIGHTS] != 0 else 0)
    return max(own, array[LEAST_INTERVAL] - steps), array[SKEW]
