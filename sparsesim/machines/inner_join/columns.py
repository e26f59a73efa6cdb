"""Columns of what the kernel counts of passes, int64 of shape (passes, 6); and of classes of slots.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

CYCLES, BUSY, OPERAND_WAIT, DRAIN_WAIT, INACTIVE, FILL_DRAIN = range(6)
"""All but the cycles are in PE-cycles."""

EFFECTUAL, INEFFECTUAL, UNUSED, WAITS = range(4)
"""Of classes, as `InnerJoin.classes` has them; from WAITS on as from OPERAND_WAIT on."""
