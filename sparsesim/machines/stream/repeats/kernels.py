"""Kernels that find a tile's state again and skip what repeats.

A state lies flat: what is a time, one behind the other, then what is none.
"""

from __future__ import annotations

from sparsesim.kernel import kernel
from sparsesim.machines.stream import columns as at

_NO_TIME = 1 << 59
"""Beyond it, up or down, stands what has not been yet, or never is."""


@kernel
def in_step(opened, kept_opened, plan, sizes, state, kept):
    """How many cycles later the state is what it was, else -1.

    Args:
        opened, kept_opened: the last segment opened, in each.
        plan: of the pass. sizes: of the array. state, kept: see rows/kernels.py.
    """
    times, places, segments, units, _ = state
    old_times, old_places, old_segments, old_units, _ = kept
    step = segments[at.READY] - old_segments[at.READY]
    slots = plan[at.SLOTS]
    for slot in range(slots):
        if places[slot] - opened != old_places[slot] - kept_opened:  # segments
            return -1
    for place in range(slots, (at.HELD + 1) * slots):
        if places[place] != old_places[place]:
            return -1
    for time in range((at.OWN + plan[at.STASHES]) * slots):
        if apart(times[time], old_times[time], step):
            return -1
    for unit in range(sizes[at.UNITS] + 1):
        if apart(units[unit], old_units[unit], step):
            return -1
    for time in range(at.FREED + 1):
        for which in (at.NOW, at.BEFORE):
            place = which * at.OF_SEGMENT + time
            if apart(segments[place], old_segments[place], step):
                return -1
    return step


@kernel
def apart(time, old, step):
    """Whether a time is not so many cycles behind another; what is no time equals itself."""
    if abs(time) > _NO_TIME or abs(old) > _NO_TIME:
        return time != old
    return time - old != step


@kernel
def keep(plan, sizes, state, kept):
    """Copy the state."""
    times, places, segments, units, sums = state
    old_times, old_places, old_segments, old_units, old_sums = kept
    copy(times, old_times, (at.OWN + plan[at.STASHES]) * plan[at.SLOTS])
    copy(places, old_places, (at.HELD + 1) * plan[at.SLOTS])
    copy(segments, old_segments, (at.BEFORE + 1) * at.OF_SEGMENT)
    copy(units, old_units, sizes[at.UNITS] + 1)
    copy(sums, old_sums, at.COUNTED)


@kernel
def copy(source, target, count):
    """Copy so many."""
    for place in range(count):
        target[place] = source[place]


@kernel
def skip(periods, tiles, step, plan, sizes, state, kept):
    """Let so many periods pass, each of some tiles and `step` cycles, as the last one did."""
    times, places, segments, units, sums = state
    _, _, _, _, old_sums = kept
    later = periods * step
    move(times, (at.OWN + plan[at.STASHES]) * plan[at.SLOTS], later)
    move(units, sizes[at.UNITS] + 1, later)
    for time in range(at.FREED + 1):
        for which in (at.NOW, at.BEFORE):
            place = which * at.OF_SEGMENT + time
            if abs(segments[place]) < _NO_TIME:
                segments[place] += later
    for slot in range(plan[at.SLOTS]):
        places[slot] += periods * tiles * plan[at.SEGMENTS]
    for count in range(at.COUNTED):
        sums[count] += periods * (sums[count] - old_sums[count])


@kernel
def move(times, count, later):
    """Move so many times on."""
    for place in range(count):
        if abs(times[place]) < _NO_TIME:
            times[place] += later
