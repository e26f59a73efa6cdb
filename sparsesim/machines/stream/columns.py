"""What stands where in the kernel's tables, all int64 but for the items.

numba compiles these into kernels as constants; by this word the code cache knows this file.
"""

CYCLES, WORKED, FILLERS, LOAD_WAIT, IMBALANCE, DRAIN_WAIT, STASH_WAIT, FILL = range(8)
"""Of what is counted of a pass: WORKED and FILLERS are of one tile; waits are in cycles of rows."""
COUNTED = 8

ROWS, LANES, DEPTH, STASH, UNITS, FEED, WEIGHTS, EVERY = range(8)
"""Of an array as the kernel takes it: its parameters; whether weights are streamed; whether every
element is an entry."""

SLOTS, OF_UNIT, BLOCKS, BLOCK, CHUNK_ROUNDS, CHUNKS, TILES, SEGMENTS = range(8)
"""Of a pass: rows as units have them, one unit's behind the other's; those of a unit; blocks and
their elements; rounds of a chunk; chunks; tiles; segments of a tile."""
LAST_HELD, ELEMENTS, BEGINS, ENDS, VECTORS, ALL_ROUNDS, SORTED, STASHES = range(8, 16)
"""Further: lanes of its last tile that hold something; elements of K; whether it begins at K's
first one; whether it ends its tiles; vectors; their rounds; whether they are dealt by their load;
sums of a lane that a row stashes, at most."""
PLANNED = 16

LAST, RELEASE, WAITING, FETCHED, OWN = range(5)
"""Times of a row: its last entry; `release`; since when a result waits for the unit, or NEVER; the
first entry of its latest fetched item; from OWN on, when each sum of its stash left for it."""

SEGMENT, ITEM, HELD = range(3)
"""Where a row is: the segment and the number of its next item; lanes of the result that waits."""

NOW, BEFORE = range(2)
"""The segment that was opened last, and the one before it."""
FIRST, READY, FREED = range(3)
"""Times of a segment."""
OFFSET, ROUNDS, CHUNK, LANES_HELD, FALLS, OPENS, CLOSES = range(3, 10)
"""Of a segment, on: where its items lie; rounds; its chunk; lanes that hold something; whether its
rounds fall; how its sums begin, and how they end."""
OF_SEGMENT = 10

FROM_ZERO, STASHED, GOES_ON, TO_UNIT = range(4)
"""How sums of a segment begin: from 0, all from the stash, the first of a row goes on; and how they
end: all in the stash, the last of a row goes on, all at the unit."""
