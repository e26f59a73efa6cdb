"""Columns of what the kernel counts of passes, int64 of shape (passes, 9); of its sizes.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

CYCLES, LOOKS, ENTRIES, NO_ENTRY, SCAN_WAIT, QUEUE_WAIT, DRAIN_WAIT, INACTIVE, FILL_DRAIN = range(9)
"""From ENTRIES on in PE-cycles."""

PES, DEPTH, TILE_FILTERS, UNITS, LATENCY = range(5)
"""Sizes of an array."""
