"""Columns of what passes move, int64 of shape (2, 3, passes): in which form, of which operand.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

ENCODED, DENSE = range(2)
ACTIVATION, WEIGHT, OUTPUT = range(3)
