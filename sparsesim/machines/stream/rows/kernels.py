"""Kernels of rows and units: "Cycles of a pass" on the page, item by item.

The state is a tuple of tables, see `columns`: `times` of rows, int64, shape (OWN + stashed sums,
slots); `places` of rows, int64, shape (3, slots); `segments`, int64, shape (2, OF_SEGMENT);
`units`, int64: since when each is free, and behind them the latest `drained`; `sums`, int64, what
is counted.
"""

from __future__ import annotations

from sparsesim.kernel import kernel
from sparsesim.machines.stream import columns as at
from sparsesim.machines.stream.parameters import (
    FETCH_AFTER_LEAVING,
    FETCH_AFTER_START,
    FIRST_FETCH,
    RESULT_LATENCY,
)

NEVER = 1 << 60


@kernel
def run_unit(unit, opened, plan, sizes, dealt, state):
    """Let a unit's rows go on, and grant their results, until none has an item of the segment
    before the opened one left."""
    times, places, _, _, _ = state
    first = unit * plan[at.OF_UNIT]
    behind = 0
    for slot in range(first, first + plan[at.OF_UNIT]):
        if times[at.WAITING, slot] == NEVER:
            run_row(slot, opened, plan, sizes, dealt, state)
        behind += places[at.SEGMENT, slot] < opened
    while behind:
        slot = grant(unit, plan, state)
        was_behind = places[at.SEGMENT, slot] < opened
        run_row(slot, opened, plan, sizes, dealt, state)
        behind -= was_behind and places[at.SEGMENT, slot] >= opened


@kernel
def empty_unit(unit, opened, plan, sizes, dealt, state):
    """Grant all results of a unit's rows that are left in the pass."""
    slot = grant(unit, plan, state)
    while slot >= 0:
        run_row(slot, opened, plan, sizes, dealt, state)
        slot = grant(unit, plan, state)


@kernel
def grant(unit, plan, state):
    """The next result that a unit takes; returns its row's slot, -1 where none waits."""
    times, places, _, units, _ = state
    first = unit * plan[at.OF_UNIT]
    free, leaves, chosen = units[unit], NEVER, -1
    for slot in range(first, first + plan[at.OF_UNIT]):
        waits = times[at.WAITING, slot]
        if waits <= free:
            leaves, chosen = free, slot
            break
        if waits < leaves:
            leaves, chosen = waits, slot
    if chosen >= 0:
        times[at.WAITING, chosen] = NEVER
        drained = leaves + places[at.HELD, chosen] - 1
        units[unit] = drained + 1
        units[-1] = max(units[-1], drained)
        times[at.RELEASE, chosen] = max(leaves, drained - RESULT_LATENCY + 1)
    return chosen


@kernel
def run_row(slot, opened, plan, sizes, dealt, state):
    """Let a row take items until a result waits for its unit, or its next segment is not open."""
    lengths, counts = dealt
    times, places, segments, _, _ = state
    waits = False
    while not waits and places[at.SEGMENT, slot] <= opened:
        which = opened - places[at.SEGMENT, slot]
        items = counts[segments[which, at.CHUNK], slot]
        lies = segments[which, at.OFFSET] + slot * segments[which, at.ROUNDS]
        item = places[at.ITEM, slot]
        while not waits and item < items:
            waits = run_item(slot, which, item, items, lengths[lies + item], plan, sizes, state)
            item += 1
        if item >= items:
            if items:
                segments[which, at.FREED] = max(segments[which, at.FREED], times[at.LAST, slot])
            places[at.SEGMENT, slot] += 1
            item = 0
        places[at.ITEM, slot] = item


@kernel
def run_item(slot, which, item, items, length, plan, sizes, state):
    """An item of a row; returns whether its result waits for the unit."""
    times, places, segments, units, sums = state
    opens, closes = segments[which, at.OPENS], segments[which, at.CLOSES]
    held = segments[which, at.LANES_HELD]
    round_ = items - 1 - item if segments[which, at.FALLS] else item
    before = times[at.LAST, slot]
    gate = segments[which, at.READY] + sizes[at.FEED]
    start = max(before + 1, gate)
    fetched = opens == at.STASHED or (opens == at.GOES_ON and item > 0)
    stash_wait = 0
    if fetched:
        begins = max(
            FIRST_FETCH,
            times[at.FETCHED, slot] + FETCH_AFTER_START,
            times[at.OWN + round_, slot] + FETCH_AFTER_LEAVING,
        )
        stash_wait = max(0, begins + held - start)
        start += stash_wait
    if before < 0:
        sums[at.FILL] += start
    else:
        first = segments[which, at.FIRST]
        sums[at.IMBALANCE] += max(0, first - before - 1)
        sums[at.LOAD_WAIT] += max(0, gate - max(before + 1, first))
        sums[at.STASH_WAIT] += stash_wait
    last = start + length - 1
    goes_on = closes == at.GOES_ON and item == items - 1
    if not goes_on:
        drain_wait = max(0, times[at.RELEASE, slot] - last)
        sums[at.DRAIN_WAIT] += drain_wait
        last += drain_wait
    times[at.LAST, slot] = last
    if fetched:
        times[at.FETCHED, slot] = start if length > 1 else last
    if goes_on:
        return False
    leaves = last + RESULT_LATENCY
    if closes == at.TO_UNIT and plan[at.OF_UNIT] > 1:
        times[at.WAITING, slot] = leaves
        places[at.HELD, slot] = held
        return True
    # To the stash, or to a unit of its own, which is free by then.
    drained = leaves + held - 1
    units[-1] = max(units[-1], drained)
    times[at.RELEASE, slot] = max(leaves, drained - RESULT_LATENCY + 1)
    if closes != at.TO_UNIT:
        times[at.OWN + round_, slot] = leaves
    return False
