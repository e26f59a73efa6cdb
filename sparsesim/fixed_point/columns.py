"""Numbers that kernels of the fixed-point execution take: where each stands.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

RELU, THRESHOLD, ZERO_POINT, LOW, HIGH = range(5)
"""Of `requantise`."""
