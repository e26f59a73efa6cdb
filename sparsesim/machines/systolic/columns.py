"""Columns of what the kernel takes and counts of passes, and of classes of slots.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

FILTERS, POSITIONS, ROWS_OF_K, PASS_DRAINS = range(4)
"""Of a pass, int64 of shape (passes, 4); K in elements that take a row each."""

CYCLES, STEPS, PRELOAD, FILL, DRAIN = range(5)
"""Of what is counted, int64 of shape (passes, 5): cycles, and where those of each PE went."""

EFFECTUAL, INEFFECTUAL, EDGES, WAITS = range(4)
"""Of classes, as `Systolic.classes` has them; from WAITS on as from PRELOAD on."""

(
    COLS,
    UNITS,
    ROWS,
    TILE_POSITIONS,
    KEEPS_WEIGHTS,
    OVERLAPS,
    LEAST_INTERVAL,
    SKEW,
    WRITE_LATENCY,
    DRAIN_LATENCY,
) = range(10)
"""Of an array's numbers, int64 of shape (10,); latencies as of a fold without steps."""
