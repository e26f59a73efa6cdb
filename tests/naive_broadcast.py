"""The broadcast array as a plain clocked machine: the oracle of the fast cycle model.

A loop over cycles lets PEs, finder and drain act on what they know by then. It is written from the
sentences of docs/machines/broadcast.md, quoted beside the rule that each became, and not from its
recurrence: that the two agree is what the tests show. It isn't meant to be quick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import numpy as np

CLASSES = (
    "effectual",
    "padding_entry",
    "no_entry",
    "scan_wait",
    "queue_wait",
    "drain_wait",
    "inactive",
    "fill_drain",
)


class Machine(Protocol):
    """What the oracle reads of an array; any object with these attributes will do."""

    @property
    def pes(self) -> int: ...
    @property
    def queue_depth(self) -> int: ...
    @property
    def entry_run_bits(self) -> int: ...
    @property
    def pe_sums(self) -> int: ...
    @property
    def units(self) -> int: ...


@dataclass
class Turn:
    """A tile of filters at a position, and how far it is."""

    filters: np.ndarray  # masks
    act: np.ndarray  # mask, filled up to whole rows
    open: int = 0  # activations that PEs have not ended their work on, and looks to come
    ended: int = -1  # the cycle in which that became 0
    left: int = -1  # the cycle in which its last sum left


@dataclass
class Pe:
    """A PE.

    Attributes:
        queue: activations, each the number of its turn and its element of K.
        work: what it still has to do for the one that it took, a class a cycle.
    """

    queue: deque[tuple[int, int]] = field(default_factory=deque)
    work: deque[str] = field(default_factory=deque)
    took: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class NaiveResult:
    """Cycles of one pass, where they went, and in which each PE ended its work: by turn, element of
    K and PE."""

    cycles: int
    classes: dict[str, int]
    ends: dict[tuple[int, int, int], int]


def entries(column: list[bool], run_bits: int) -> list[str]:
    """What a PE stores of a column: "a run of z zeros takes floor(z / 2^run_bits) padding entries
    more"; "zeros behind the last weight are not stored"."""
    found, zeros = [], 0
    for weight in column:
        if not weight:
            zeros += 1
            continue
        while zeros >= 2**run_bits:  # an entry of the longest run, and its own zero
            found.append("padding_entry")
            zeros -= 2**run_bits
        found.append("effectual")
        zeros = 0
    return found


def looks(act: np.ndarray, pes: int) -> Iterator[int | None]:
    """The finder's looks at a turn: the element that it sends, or None where there is none."""
    for first in range(0, len(act), pes):
        row = list(act[first : first + pes])
        while True:
            if not any(row):
                yield None
                break
            at = row.index(True)  # "the first non-zero activation that it has not sent"
            row[at] = False
            yield first + at
            if at == pes - 1:  # "where that was the row's P-th"
                break


def naive_broadcast(act, weight, machine: Machine, drains: bool = True) -> NaiveResult:
    """Run a pass.

    Args:
        act: masks, (positions, K). weight: masks, (filters, K).
        machine: the array.
        drains: whether the pass ends its tile; one that does not is a single turn.
    """
    act, weight = np.asarray(act, bool), np.asarray(weight, bool)
    pes, tile = machine.pes, machine.pes * machine.pe_sums
    act = np.pad(act, ((0, 0), (0, -act.shape[1] % pes)))  # "the last one filled up with zeros"
    turns = [  # "takes its positions one after another, each with all its tiles"
        Turn(weight[first : first + tile], position)
        for position in act
        for first in range(0, len(weight), tile)
    ]
    to_look: deque[tuple[int, bool, int | None]] = deque()  # turn, is its first look, what it finds
    for number, turn in enumerate(turns):
        found = list(looks(turn.act, pes))
        to_look += [(number, at == 0, element) for at, element in enumerate(found)]
        turn.open = len(found) + pes * sum(element is not None for element in found)
    places = [Pe() for _ in range(pes)]
    units: list[deque[int]] = [deque() for _ in range(machine.units)]  # PEs whose sums leave
    classes, idle = dict.fromkeys(CLASSES, 0), []
    ends: dict[tuple[int, int, int], int] = {}
    did, draining, leaving = "fill_drain", 0, False
    for cycle in count():
        # "The room of what is taken in t is there from t + 1 on."
        room = all(len(pe.queue) < machine.queue_depth - 1 for pe in places)
        for number, pe in enumerate(places):
            if not pe.work and pe.queue:
                pe.took = pe.queue.popleft()
                filters, element = turns[pe.took[0]].filters, pe.took[1]
                stored = entries(list(filters[number::pes, element]), machine.entry_run_bits)
                # "where there is no entry it takes a cycle all the same"
                pe.work = deque(stored or ["no_entry" if number < len(filters) else "inactive"])
            if not pe.work:
                idle.append((cycle, did))
                continue
            classes[pe.work.popleft()] += 1
            if not pe.work:
                ends[(*pe.took, number)] = cycle
                turns[pe.took[0]].open -= 1
        if not to_look:
            did = "queue_wait"
        else:
            number, is_first, sends = to_look[0]
            # "The first look of a turn waits until all sums of the turn before last have left."
            if drains and is_first and number >= 2 and not 0 <= turns[number - 2].left < cycle:
                did = "drain_wait"
            elif sends is not None and not room:
                did = "queue_wait"
            else:
                did = "scan_wait" if sends is None else "sent"
                to_look.popleft()
                turns[number].open -= 1
                if sends is not None:
                    for pe in places:
                        pe.queue.append((number, sends))
        for number, turn in enumerate(turns):
            before = turns[number - 1].ended if number else 0
            if turn.ended < 0 and turn.open == 0 and before >= 0:
                turn.ended = cycle
        if not drains:
            if turns[0].ended == cycle:
                last = cycle
                break
            continue
        turn = turns[draining]
        # "The first leave 6 cycles behind the turn's end."
        if not leaving and 0 <= turn.ended <= cycle - 6:
            leaving = True
            for row in range(0, len(turn.filters), pes):
                for place in range(min(pes, len(turn.filters) - row)):
                    units[place % machine.units].append(place)
        if leaving:
            for unit in units:  # "each unit takes one of its own PEs' a cycle"
                if unit:
                    unit.popleft()
            if not any(units):
                turn.left, leaving, draining = cycle, False, draining + 1
            if draining == len(turns):
                last = cycle
                break
    for cycle, name in idle:
        if cycle <= last:
            classes[name if cycle <= turns[-1].ended else "fill_drain"] += 1
    return NaiveResult(last + 1, classes, ends)
