"""Numbers that kernels of the engine take: where each stands.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

INPUT, OUTPUT, KERNEL, STRIDE, DILATION, PAD = range(0, 18, 3)
"""Of `Convolution.array()`, the first of three along the axes. A pad is the leading one."""

DEPTH, ROW, COLUMN = range(3)
"""Axes: `shape[STRIDE + ROW]`."""

LOW, HIGH = range(2)
"""Of the bounds of an epilogue."""

CHANNELS, ALL_FILTERS = range(2)
BLOCK_CHANNELS, BLOCK_POSITIONS = range(2, 4)
FIRST_BLOCK, END_BLOCK, FIRST_POSITION, END_POSITION = range(4, 8)
"""Of what a thread does of a convolution in tiles: channels and filters of its group, channels and
positions of a block, and the ranges of filter blocks and of positions that are its own."""
