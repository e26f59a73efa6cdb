"""Columns of the tables of a layer's cuts, each int64.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

ENCODED, DENSE = range(2)
"""Of bits, along the first axis: in which form."""

ACTIVATION, WEIGHT, OUTPUT = range(3)
"""Of what passes move, shape (2, 3, passes), along the second axis: of which operand."""

RANK, FIRST, LAST = range(3)
"""Of `meet_axes`, shape (4, 3, outputs + 1), along the second axis."""

FIRST_IMAGE, END_IMAGE, FIRST_DEPTH, END_DEPTH = range(4)
FIRST_ROW, END_ROW, FIRST_COLUMN, END_COLUMN = range(4, 8)
BOX_ROWS, BOX_ELEMENTS = range(8, 10)
"""Of boxes, shape (10, blocks): first and end along each axis; pixel rows, elements of a row."""

TRIED_GROUP, TRIED_SIZE = range(2)
"""Of sizes to try, shape (2, trials)."""

CUT_GROUP, CUT_M0, CUT_M1, CUT_P0, CUT_P1 = range(5)
"""Of blocks of outputs, shape (5, blocks)."""

BLOCK_FILTERS, BLOCK_POSITIONS, BLOCK_ELEMENTS, BLOCK_POSITIONS_OUTER = range(4)
"""Of how groups are cut, shape (groups, 4)."""
