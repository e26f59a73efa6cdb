"""Columns of a table of passes, int64 of shape (passes, 8): what `Passes` and kernels name.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

GROUP, M0, M1, P0, P1, K0, K1, DRAINS = range(8)
