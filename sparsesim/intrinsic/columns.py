"""Tables that the kernel of narrow sums takes and writes: where each thing stands.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

SUMS, FLAGS, COUNTS = range(3)
"""Planes of what is added up."""

FIRST_ROW, END_ROW, FIRST_PANEL, END_PANEL = range(4)
"""Of the span of a call."""

LEAST, GREATEST = range(2)
"""Of limits, along the first axis."""
