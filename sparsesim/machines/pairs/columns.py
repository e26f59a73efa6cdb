"""Columns of the pairs that kernels count, int64 of shape (passes, 3).

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

ACTIVATION, WEIGHT, EFFECTUAL = range(3)
"""Elements set of either operand; pairs with both."""
