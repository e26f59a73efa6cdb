"""Numbers of `Geometry.array()`: where each field stands, those along axes by their first value.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

GROUPS, FILTERS, CHANNELS = range(3)
GROUP_STRIDE, PIXEL_STRIDE, OUTPUT_GROUP_STRIDE, OUTPUT_PIXEL_STRIDE = range(3, 7)
REDUCTION = 7
INPUT_SHAPE, OUTPUT_SHAPE, KERNEL, STRIDE, DILATION, PAD, INSERT = range(8, 36, 4)
LENGTH = 36
