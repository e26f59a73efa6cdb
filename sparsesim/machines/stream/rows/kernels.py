"""Kernels of rows and units: "Cycles of a pass" on the page, item by item.

The state is a tuple of pointers to int64, see `columns`: `times` of rows, (OWN + stashed sums,
slots); `places` of rows, (3, slots); `segments`, (2, OF_SEGMENT); `units`: since when each is free,
and behind them the latest `drained`; `sums`, what is counted.
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
    _, places, _, _, _ = state
    slots, first = plan[at.SLOTS], unit * plan[at.OF_UNIT]
    behind = 0
    for slot in range(first, first + plan[at.OF_UNIT]):
        run_row(slot, opened, plan, sizes, dealt, state)
        behind += places[at.SEGMENT * slots + slot] < opened
    while behind > 0:
        slot = grant(unit, plan, sizes, state)
        was_behind = places[at.SEGMENT * slots + slot] < opened
        run_row(slot, opened, plan, sizes, dealt, state)
        behind -= was_behind and places[at.SEGMENT * slots + slot] >= opened


@kernel
def empty_unit(unit, opened, plan, sizes, dealt, state):
    """Grant all results of a unit's rows that are left in the pass."""
    slot = grant(unit, plan, sizes, state)
    while slot >= 0:
        run_row(slot, opened, plan, sizes, dealt, state)
        slot = grant(unit, plan, sizes, state)


@kernel
def grant(unit, plan, sizes, state):
    """The next result that a unit takes; returns its row's slot, -1 where none waits."""
    times, places, _, units, _ = state
    slots, first = plan[at.SLOTS], unit * plan[at.OF_UNIT]
    end, waiting = first + plan[at.OF_UNIT], at.WAITING * slots
    free, leaves, chosen = units[unit], NEVER, -1
    for slot in range(first, end):
        waits = times[waiting + slot]
        if waits < leaves:
            leaves, chosen = waits, slot
            if waits <= free:
                leaves = free
                break
    if chosen >= 0:
        times[waiting + chosen] = NEVER
        drained = leaves + places[at.HELD * slots + chosen] - 1
        units[unit] = drained + 1
        units[sizes[at.UNITS]] = max(units[sizes[at.UNITS]], drained)
        times[at.RELEASE * slots + chosen] = max(leaves, drained - RESULT_LATENCY + 1)
    return chosen


@kernel
def run_row(slot, opened, plan, sizes, dealt, state):
    """Let a row take items until its next one is captured and a result still waits for the unit, or
    its next segment is not open."""
    lengths, counts = dealt
    times, places, segments, units, sums = state
    slots, shares = plan[at.SLOTS], plan[at.OF_UNIT] > 1
    segment, item = places[at.SEGMENT * slots + slot], places[at.ITEM * slots + slot]
    last, release = times[at.LAST * slots + slot], times[at.RELEASE * slots + slot]
    waits, drained = times[at.WAITING * slots + slot], units[sizes[at.UNITS]]
    stops = False
    while segment <= opened and not stops:
        of_segment = (opened - segment) * at.OF_SEGMENT
        items = counts[segments[of_segment + at.CHUNK] * slots + slot]
        lies = segments[of_segment + at.OFFSET] + slot * segments[of_segment + at.ROUNDS]
        opens, closes = segments[of_segment + at.OPENS], segments[of_segment + at.CLOSES]
        held = segments[of_segment + at.LANES_HELD]
        falls = segments[of_segment + at.FALLS]
        gate = segments[of_segment + at.READY] + sizes[at.FEED]
        while item < items:
            captured = closes != at.GOES_ON or item < items - 1
            if captured and waits != NEVER:
                stops = True
                break
            start = max(last + 1, gate)
            fetched = opens == at.STASHED or (opens == at.GOES_ON and item > 0)
            own = at.OWN + (items - 1 - item if falls else item)
            stash_wait = 0
            if fetched:
                begins = max(
                    FIRST_FETCH,
                    times[at.FETCHED * slots + slot] + FETCH_AFTER_START,
                    times[own * slots + slot] + FETCH_AFTER_LEAVING,
                )
                stash_wait = max(0, begins + held - start)
                start += stash_wait
            if last < 0:
                sums[at.FILL] += start
            elif start > last + 1:
                first = segments[of_segment + at.FIRST]
                sums[at.IMBALANCE] += max(0, first - last - 1)
                sums[at.LOAD_WAIT] += max(0, gate - max(last + 1, first))
                sums[at.STASH_WAIT] += stash_wait
            length = lengths[lies + item]
            last = start + length - 1
            if captured and release > last:
                sums[at.DRAIN_WAIT] += release - last
                last = release
            if fetched:  # an item of one entry begins with its last
                times[at.FETCHED * slots + slot] = start if length > 1 else last
            item += 1
            if captured:
                leaves = last + RESULT_LATENCY
                if closes == at.TO_UNIT and shares:
                    waits = leaves
                    places[at.HELD * slots + slot] = held
                else:  # to the stash, or to a unit of its own, which is free by then
                    ends = leaves + held - 1
                    drained = max(drained, ends)
                    release = max(leaves, ends - RESULT_LATENCY + 1)
                    if closes != at.TO_UNIT:
                        times[own * slots + slot] = leaves
        if item >= items:
            if items:
                freed = segments[of_segment + at.FREED]
                segments[of_segment + at.FREED] = max(freed, last)
            segment += 1
            item = 0
    times[at.WAITING * slots + slot] = waits
    times[at.LAST * slots + slot], times[at.RELEASE * slots + slot] = last, release
    places[at.SEGMENT * slots + slot], places[at.ITEM * slots + slot] = segment, item
    units[sizes[at.UNITS]] = drained
