"""Kernels that count the entries of items and deal them to rows: "Order" on the page."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.pairs.kernels import ones
from sparsesim.machines.stream import columns as at


@kernel
def count_up(words, before):
    """Bits set in front of each word of a vector.

    Args:
        words: uint64, shape (groups, vectors, words). before: int32, likewise.
    """
    for group in range(words.shape[0]):
        for vector in range(words.shape[1]):
            total = np.int32(0)
            for word in range(words.shape[2]):
                before[group, vector, word] = total
                total += np.int32(ones(words[group, vector, word]))


@kernel
def set_before(words, before, element):
    """Bits of one vector that are set in front of an element of K."""
    word = element >> 6
    inside = (np.uint64(1) << np.uint64(element & 63)) - np.uint64(1)
    return np.int64(before[word]) + np.int64(ones(words[word] & inside))


@kernel
def count_entries(words, before, first, k0, every, plan, entries):
    """Entries of each vector of a pass in each block.

    Args:
        words, before: of `Vectors`, of one group.
        first: the pass's first vector. k0: its first element of K.
        every: whether zeros are entries, too.
        plan: of the pass, see `columns`.
        entries: int32, shape (vectors or more, blocks or more).
    Returns:
        all entries; those of them that are fillers.
    """
    total, fillers = np.int64(0), np.int64(0)
    blocks, block, elements = plan[at.BLOCKS], plan[at.BLOCK], plan[at.ELEMENTS]
    if every:
        for vector in range(plan[at.VECTORS]):
            for b in range(blocks):
                entries[vector, b] = min(block, elements - b * block)
        return plan[at.VECTORS] * elements, fillers
    for vector in range(plan[at.VECTORS]):
        mine, counts = words[first + vector], before[first + vector]
        passed = set_before(mine, counts, k0)
        for b in range(blocks):
            reached = set_before(mine, counts, k0 + min((b + 1) * block, elements))
            found = reached - passed
            passed = reached
            if not found:
                found = 1
                fillers += 1
            entries[vector, b] = found
            total += found
    return total, fillers


@kernel
def sort_by_load(entries, plan, order, heads):
    """Places of vectors by falling load, equal ones in their order.

    Args:
        entries: of `count_entries`. plan: of the pass.
        order: int32, shape (vectors or more,): the vector of each place.
        heads: int32, shape (most load or more + 2,): scratch.
    """
    blocks, vectors = plan[at.BLOCKS], plan[at.VECTORS]
    most = plan[at.ELEMENTS] + blocks
    heads[: most + 2] = 0
    for vector in range(vectors):
        heads[most - load_of(entries, vector, blocks) + 1] += 1
    for load in range(most):
        heads[load + 1] += heads[load]
    for vector in range(vectors):
        bucket = most - load_of(entries, vector, blocks)
        order[heads[bucket]] = vector
        heads[bucket] += 1


@kernel
def load_of(entries, vector, blocks):
    """Entries of a vector in all blocks."""
    total = np.int64(0)
    for b in range(blocks):
        total += entries[vector, b]
    return total


@kernel
def slot_of(row, plan, sizes):
    """A row's place in the tables: rows of a unit lie side by side, in their order."""
    return row % sizes[at.UNITS] * plan[at.OF_UNIT] + row // sizes[at.UNITS]


@kernel
def deal(entries, plan, sizes, dealt, order, heads):
    """Deal the vectors of a pass to rows.

    Args:
        entries: of `count_entries`. plan: of the pass. sizes: of the array.
        dealt: lengths: int32, flat [chunk][block][slot][item, as its row takes them]; counts:
            int32, shape (chunks or more, slots or more), a row's items in a segment.
        order, heads: of `sort_by_load`.
    """
    lengths, counts = dealt
    rows, slots, blocks = sizes[at.ROWS], plan[at.SLOTS], plan[at.BLOCKS]
    is_sorted = plan[at.SORTED]
    if is_sorted:
        sort_by_load(entries, plan, order, heads)
    counts[: plan[at.CHUNKS], :slots] = 0
    rounds = plan[at.ALL_ROUNDS]
    for number in range(rounds):
        chunk = number // plan[at.CHUNK_ROUNDS]
        for place in range(number * rows, min((number + 1) * rows, plan[at.VECTORS])):
            row = place - number * rows
            if is_sorted and number & 1:
                row = rows - 1 - row
            counts[chunk, slot_of(row, plan, sizes)] += 1
    for number in range(rounds):
        chunk = number // plan[at.CHUNK_ROUNDS]
        inside = number - chunk * plan[at.CHUNK_ROUNDS]
        in_chunk = min(plan[at.CHUNK_ROUNDS], rounds - chunk * plan[at.CHUNK_ROUNDS])
        first = chunk * plan[at.CHUNK_ROUNDS] * slots * blocks
        for place in range(number * rows, min((number + 1) * rows, plan[at.VECTORS])):
            row = place - number * rows
            if is_sorted and number & 1:
                row = rows - 1 - row
            vector = np.int64(order[place]) if is_sorted else place
            slot = slot_of(row, plan, sizes)
            for b in range(blocks):
                item = counts[chunk, slot] - 1 - inside if b & 1 else inside
                lengths[first + (b * slots + slot) * in_chunk + item] = entries[vector, b]
