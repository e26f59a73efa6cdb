"""Kernels that find a tile's state again and skip what repeats."""

from __future__ import annotations

from sparsesim.kernel import kernel
from sparsesim.machines.stream import columns as at

_NO_TIME = 1 << 59
"""Beyond it, up or down, stands what has not been yet, or never is."""


@kernel
def in_step(opened, kept_opened, plan, state, kept):
    """How many cycles later the state is what it was, else -1.

    Args:
        opened, kept_opened: the last segment opened, in each.
        plan: of the pass. state, kept: see rows/kernels.py.
    """
    times, places, segments, units, _ = state
    old_times, old_places, old_segments, old_units, _ = kept
    step = segments[at.NOW, at.READY] - old_segments[at.NOW, at.READY]
    slots = plan[at.SLOTS]
    for slot in range(slots):
        moved = places[at.SEGMENT, slot] - opened == old_places[at.SEGMENT, slot] - kept_opened
        if not moved or places[at.ITEM, slot] != old_places[at.ITEM, slot]:
            return -1
        if places[at.HELD, slot] != old_places[at.HELD, slot]:
            return -1
    for row in range(at.OWN + plan[at.STASHES]):
        for slot in range(slots):
            if apart(times[row, slot], old_times[row, slot], step):
                return -1
    for unit in range(units.size):
        if apart(units[unit], old_units[unit], step):
            return -1
    for which in range(2):
        for time in range(at.FREED + 1):
            if apart(segments[which, time], old_segments[which, time], step):
                return -1
    return step


@kernel
def apart(time, old, step):
    """Whether a time is not so many cycles behind another; what is no time equals itself."""
    if abs(time) > _NO_TIME or abs(old) > _NO_TIME:
        return time != old
    return time - old != step


@kernel
def keep(state, kept):
    """Copy the state's tables."""
    times, places, segments, units, sums = state
    old_times, old_places, old_segments, old_units, old_sums = kept
    old_times[:] = times
    old_places[:] = places
    old_segments[:] = segments
    old_units[:] = units
    old_sums[:] = sums


@kernel
def skip(periods, tiles, step, plan, state, kept):
    """Let so many periods pass, each of some tiles and `step` cycles, as the last one did."""
    times, places, segments, units, sums = state
    old_sums = kept[-1]
    later = periods * step
    for row in range(at.OWN + plan[at.STASHES]):
        for slot in range(plan[at.SLOTS]):
            if abs(times[row, slot]) < _NO_TIME:
                times[row, slot] += later
    for slot in range(plan[at.SLOTS]):
        places[at.SEGMENT, slot] += periods * tiles * plan[at.SEGMENTS]
    for unit in range(units.size):
        if abs(units[unit]) < _NO_TIME:
            units[unit] += later
    for which in range(2):
        for time in range(at.FREED + 1):
            if abs(segments[which, time]) < _NO_TIME:
                segments[which, time] += later
    for count in range(sums.size):
        sums[count] += periods * (sums[count] - old_sums[count])
