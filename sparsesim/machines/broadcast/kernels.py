"""Passes on the broadcast array: looks of the finder, pops of the PEs, drains."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.broadcast.columns import (
    CYCLES,
    DEPTH,
    DRAIN_WAIT,
    ENTRIES,
    FILL_DRAIN,
    INACTIVE,
    LATENCY,
    LOOKS,
    NO_ENTRY,
    PES,
    QUEUE_WAIT,
    SCAN_WAIT,
    TILE_FILTERS,
    UNITS,
)
from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1


@kernel
def count_passes(act_words, entries, passes, sizes, ends, pops, out):
    """Run passes one after another; thread-safe where no two threads share the last three.

    Args:
        act_words: uint64, shape (weight sets, positions of all steps, words of K bits and one
            more).
        entries: uint16, shape (weight sets, tiles, K, pes).
        passes: int64, shape (n, 8), `Passes.table`.
        sizes: int64, see `columns`.
        ends: int64, shape (pes,): scratch; the last cycle of each PE's work.
        pops: int64, shape (depth,): scratch; of what was sent last, the cycle in which the last
            PE took it.
        out: int64, shape (n, 9), see `columns`.
    """
    pes, tile_filters, units = sizes[PES], sizes[TILE_FILTERS], sizes[UNITS]
    holds = sizes[DEPTH] - 1
    out[:] = 0
    for index in range(passes.shape[0]):
        group, drains = passes[index, GROUP], passes[index, DRAINS]
        m0, m1, k0, k1 = passes[index, M0], passes[index, M1], passes[index, K0], passes[index, K1]
        found = out[index]
        ends[:] = -1
        # Cycles of the last look and work; in which all sums of the last two turns have left.
        look, ended, drained, drained_before = (
            np.int64(-1),
            np.int64(-1),
            np.int64(-1),
            np.int64(-1),
        )
        sent = np.int64(0)
        last_is_empty = False
        for position in range(passes[index, P0], passes[index, P1]):
            words = act_words[group, position]
            for first in range(m0, m1, tile_filters):
                counts = entries[group, first // tile_filters]
                filters = min(tile_filters, m1 - first)
                idle = max(np.int64(0), pes - filters)
                opens = drained_before + 1  # the turn's first look is not before
                for row in range(k0, k1, pes):
                    k, end = row, min(row + pes, k1)
                    ends_row = False
                    while not ends_row:
                        k = next_one(words, k, end)
                        found[LOOKS] += 1
                        wanted = look + 1
                        if last_is_empty:  # what that look cost is known now that another follows
                            found[SCAN_WAIT] += waited(look, look + 1, ends)
                        if opens > wanted:
                            found[DRAIN_WAIT] += waited(wanted, opens, ends)
                            wanted = opens
                        opens = np.int64(0)
                        last_is_empty = k == end
                        ends_row = last_is_empty or k == row + pes - 1
                        look = wanted
                        if last_is_empty:
                            continue
                        if sent >= holds:
                            look = max(look, pops[(sent - holds) % holds] + 1)
                            if look > wanted:
                                found[QUEUE_WAIT] += waited(wanted, look, ends)
                        column = counts[k]
                        taken, none, all_entries = look + 1, np.int64(0), np.int64(0)
                        for pe in range(pes):
                            before = max(ends[pe], look)
                            number = np.int64(column[pe])
                            taken = max(taken, before + 1)
                            none += number == 0
                            all_entries += number
                            end_of_work = before + max(np.int64(1), number)
                            ends[pe] = end_of_work
                            ended = max(ended, end_of_work)
                        pops[sent % holds] = taken
                        sent += 1
                        k += 1
                        found[ENTRIES] += all_entries
                        found[INACTIVE] += idle
                        found[NO_ENTRY] += none - idle
                ended = max(ended, look)
                if drains:
                    whole, rest = divmod(filters, pes)
                    leaving = whole * ((pes + units - 1) // units) + (rest + units - 1) // units
                    drained, drained_before = (
                        max(ended + sizes[LATENCY] - 1, drained) + leaving,
                        drained,
                    )
        if last_is_empty:
            found[SCAN_WAIT] += waited(look, min(look + 1, ended), ends)
        found[QUEUE_WAIT] += waited(look + 1, ended, ends)
        found[CYCLES] = drained + 1 if drains else ended + 1
        found[FILL_DRAIN] = pes * (found[CYCLES] - ended)


@kernel
def waited(first, last, ends):
    """Idle cycles of all PEs because of what the finder did in cycles `first` to `last` - 1.

    A PE feels it a cycle later, if it has no work any more.
    """
    total = np.int64(0)
    for pe in range(ends.size):
        total += max(np.int64(0), last - max(first, ends[pe]))
    return total


@kernel
def next_one(words, k, end):
    """The first set bit from `k` on, below `end`; else `end`."""
    while k < end:
        left = words[k >> 6] >> np.uint64(k & 63)
        if left != 0:
            while left & np.uint64(1) == 0:
                left >>= np.uint64(1)
                k += 1
            return min(k, end)
        k = (k | 63) + 1
    return end
