"""The inner-join array as a plain clocked machine: the oracle of every faster cycle model.

A loop over cycles lets feeders, processing elements (PE) and columns act on what they know by then.
It is written from the sentences of the machine's description, of which docs/machines/inner_join.md
("Cycles of a pass") has the gist, quoted beside the rule that each became, and not from its
recurrence: that the two agree is what the tests show. It isn't meant to be quick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CLASSES = (
    "effectual",
    "ineffectual",
    "unused",
    "operand_wait",
    "drain_wait",
    "inactive",
    "fill_drain",
)

EFFECTUAL_OF_PAIR = {False: "ineffectual", True: "effectual"}


class Machine(Protocol):
    """What the oracle reads of an accelerator; any object with these attributes will do."""

    @property
    def rows(self) -> int: ...
    @property
    def cols(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def lanes(self) -> int: ...
    @property
    def queue_depth(self) -> int: ...
    @property
    def feed_latency(self) -> int: ...
    @property
    def skipping(self) -> str: ...
    @property
    def loop_order(self) -> str: ...


@dataclass(frozen=True)
class NaiveResult:
    """Cycles of one pass and where they went.

    Attributes:
        cycles: length of the pass, in cycles.
        classes: lane-slots by class; they sum to rows * cols * lanes * cycles.
        effectual_macs: pairs of the product with both operands non-zero.
        spans: for each PE (row, col), the first and last cycle of its work on each window of the
            pass, in order. Windows not finished by the pass's end are absent.
    """

    cycles: int
    classes: dict[str, int]
    effectual_macs: int
    spans: dict[tuple[int, int], list[tuple[int, int]]]


@dataclass(frozen=True)
class Job:
    """What one PE has to do for one window.

    Attributes:
        active: whether the PE's filter and position exist in the window's tile.
        ends_tile: whether a result is due behind it.
        pairs: those that it multiplies, in ascending K order, true where effectual.
    """

    active: bool
    ends_tile: bool
    pairs: tuple[bool, ...]


@dataclass
class Queue:
    """One of a PE's two queues, with what its feeder knows of it.

    Attributes:
        usable_from: for each window in it, the cycle from which it can be worked on; head first.
        freed_known_from: for each slot freed, the cycle from which the feeder knows of it.
        credits: slots that the feeder knows to be free.
    """

    usable_from: deque[int] = field(default_factory=deque)
    freed_known_from: deque[int] = field(default_factory=deque)
    credits: int = 0

    def head_is_there(self, cycle: int) -> bool:
        return bool(self.usable_from) and self.usable_from[0] <= cycle


class Feeder:
    """Pushes the windows of the pass, in order, into all queues of its row or column at once."""

    def __init__(self, windows: int, queues: list[Queue], depth: int, latency: int) -> None:
        self.left = windows
        self.queues = queues
        self.latency = latency
        for queue in queues:  # "starts with empty queues": every slot is known to be free
            queue.credits = depth

    def act(self, cycle: int) -> None:
        for queue in self.queues:
            while queue.freed_known_from and queue.freed_known_from[0] <= cycle:
                queue.freed_known_from.popleft()
                queue.credits += 1
        # At most one a cycle, "when every one of those queues has a slot that it knows to be free"
        if self.left and all(queue.credits > 0 for queue in self.queues):
            self.left -= 1
            for queue in self.queues:
                queue.credits -= 1
                # "A window pushed in cycle t can be worked on from t + feed_latency"
                queue.usable_from.append(cycle + self.latency)


class Pe:
    """Works on window after window; holds at most one result that has not been drained."""

    def __init__(self, jobs: list[Job], lanes: int, feed_latency: int) -> None:
        self.jobs = jobs
        self.lanes = lanes
        self.feed_latency = feed_latency
        self.weights = Queue()
        self.activations = Queue()
        self.spans: list[tuple[int, int]] = []
        self.started_in: int | None = None  # None while idle
        self.taken = 0  # pairs of the window in work that are multiplied already
        self.result_ended_in: int | None = None  # None where there is no result to drain
        self.slots = dict.fromkeys(CLASSES, 0)

    @property
    def done(self) -> bool:
        return len(self.spans) == len(self.jobs)

    def act(self, cycle: int) -> None:
        if self.done:  # "after its last: fill_drain"
            self.slots["fill_drain"] += self.lanes
            return
        job = self.jobs[len(self.spans)]
        if self.started_in is None:
            reason = self._why_not_start(job, cycle)
            if reason is not None:
                # "Before a PE's first window": fill_drain; "an idle cycle between two windows
                # belongs to the later one", which is the job that waits here.
                self.slots[reason if self.spans else "fill_drain"] += self.lanes
                return
            self.started_in = cycle
            self.taken = 0
        self._work(job, cycle)

    def _why_not_start(self, job: Job, cycle: int) -> str | None:
        # "It starts on a window when both heads are there and its previous window is done"
        heads = self.weights.head_is_there(cycle) and self.activations.head_is_there(cycle)
        if not job.active:  # "inactive if the PE is inactive in that window's tile"
            return None if heads else "inactive"
        if not heads:  # "else operand_wait while either head is absent"
            return "operand_wait"
        # "may not start the last window of a tile while its result of the last tile in which it was
        # active has not been drained". A result drained in this very cycle still counts as there.
        if job.ends_tile and self.result_ended_in is not None:
            return "drain_wait"
        return None

    def _work(self, job: Job, cycle: int) -> None:
        if job.active:
            # "It takes its pairs in ascending K order", up to one a lane; "the rest of its lanes
            # to unused", so a window without a pair to multiply is one cycle of unused lanes.
            now = job.pairs[self.taken : self.taken + self.lanes]
            self.taken += len(now)
            for effectual in now:
                self.slots[EFFECTUAL_OF_PAIR[effectual]] += 1
            self.slots["unused"] += self.lanes - len(now)
        else:  # "An inactive PE takes 1"
            self.slots["inactive"] += self.lanes
        if not job.active or self.taken == len(job.pairs):
            self._finish(job, cycle)

    def _finish(self, job: Job, cycle: int) -> None:
        assert self.started_in is not None
        self.spans.append((self.started_in, cycle))
        self.started_in = None
        for queue in (self.weights, self.activations):
            # "the window in work stays at the head until done"; "a slot freed by work that ended
            # in cycle t is known to the feeder from t + feed_latency"
            queue.usable_from.popleft()
            queue.freed_known_from.append(cycle + self.feed_latency)
        if job.active and job.ends_tile:
            assert self.result_ended_in is None
            self.result_ended_in = cycle


class Column:
    """Passes one result a cycle to the post-processing unit, in a fixed order of its PEs."""

    def __init__(self, order: list[Pe], pe_latency: int) -> None:
        self.order = deque(order)
        self.pe_latency = pe_latency

    def act(self, cycle: int) -> None:
        if not self.order:
            return
        ended_in = self.order[0].result_ended_in
        # "A result whose last window's work ended in cycle t can drain from t + PE latency on"
        if ended_in is not None and cycle >= ended_in + self.pe_latency:
            self.order.popleft().result_ended_in = None


def naive_array_cycles(
    act_mask: NDArray[np.bool_],
    weight_mask: NDArray[np.bool_],
    accelerator: Machine,
    drains: bool = True,
) -> NaiveResult:
    """Runs one pass, cycle by cycle.

    Args:
        act_mask: bool, shape (positions, K), true where an activation is not zero.
        weight_mask: bool, shape (filters, K), true where a weight is not zero.
        accelerator: the machine; see `Machine` for what is read of it.
        drains: false where K was cut before the end of the tile (the pass is then one tile): it
            drains nothing and ends with its last work.
    Returns:
        Cycles, classes, effectual MACs, and the work of each PE.
    """
    machine = accelerator
    acts: list[list[bool]] = np.asarray(act_mask, dtype=bool).tolist()
    weights: list[list[bool]] = np.asarray(weight_mask, dtype=bool).tolist()
    tiles = list(_tiles(len(acts), len(weights), machine))
    if not drains and len(tiles) > 1:
        raise ValueError(f"a pass that cuts K is one tile; here are {len(tiles)}")

    pes = [
        [
            Pe(
                _jobs(acts, weights, tiles, row, col, machine, drains),
                machine.lanes,
                machine.feed_latency,
            )
            for col in range(machine.cols)
        ]
        for row in range(machine.rows)
    ]
    every_pe = [pe for row in pes for pe in row]
    # "Each row has a feeder for weight windows, each column one for activation windows; they run
    # through the whole sequence, also where the row or column is inactive."
    windows = len(every_pe[0].jobs)
    queues_of_feeders = [[pe.weights for pe in row] for row in pes]
    queues_of_feeders += [[pe.activations for pe in column] for column in zip(*pes, strict=True)]
    feeders = [
        Feeder(windows, queues, machine.queue_depth, machine.feed_latency)
        for queues in queues_of_feeders
    ]
    # "its active rows in rising order, tile by tile"
    columns = [
        Column(
            [
                pes[row][col]
                for first_filter, first_position in tiles
                for row in range(machine.rows)
                if drains and first_filter + row < len(weights) and first_position + col < len(acts)
            ],
            _pe_latency(machine.lanes),
        )
        for col in range(machine.cols)
    ]

    limit = _cycles_never_reached(windows, len(tiles), machine)
    for cycle in count():
        # PEs come before columns, since a drain is seen from the next cycle on. No other order
        # matters: what feeders and PEs tell each other takes feed_latency, at least one cycle.
        for feeder in feeders:
            feeder.act(cycle)
        for pe in every_pe:
            pe.act(cycle)
        for column in columns:
            column.act(cycle)
        if drains:
            ended = not any(column.order for column in columns)
        else:
            ended = all(pe.done for pe in every_pe)
        if ended:
            break
        assert cycle < limit, "the machine is stuck"

    cycles = cycle + 1
    classes = {name: sum(pe.slots[name] for pe in every_pe) for name in CLASSES}
    assert sum(classes.values()) == machine.rows * machine.cols * machine.lanes * cycles
    effectual_macs = sum(
        a and w for act in acts for weight in weights for a, w in zip(act, weight, strict=True)
    )
    spans = {(i, j): pe.spans for i, row in enumerate(pes) for j, pe in enumerate(row)}
    return NaiveResult(cycles, classes, effectual_macs, spans)


def _pe_latency(lanes: int) -> int:
    """Operand register, product, sum; and a cycle for each level of an adder tree of the lanes."""
    levels = 0
    while 2**levels < lanes:
        levels += 1
    return 3 + levels


def _tiles(positions: int, filters: int, machine: Machine) -> Iterator[tuple[int, int]]:
    """First filter and first position of each tile, in the order of the pass."""
    if machine.loop_order == "filters_inner":  # "for each position tile, all filter tiles"
        for position in range(0, positions, machine.cols):
            for filter_ in range(0, filters, machine.rows):
                yield filter_, position
    elif machine.loop_order == "positions_inner":
        for filter_ in range(0, filters, machine.rows):
            for position in range(0, positions, machine.cols):
                yield filter_, position
    else:
        raise ValueError(machine.loop_order)


def _jobs(
    acts: list[list[bool]],
    weights: list[list[bool]],
    tiles: list[tuple[int, int]],
    row: int,
    col: int,
    machine: Machine,
    drains: bool,
) -> list[Job]:
    """The windows of the pass as the PE at (row, col) sees them, tile after tile with no gap."""
    jobs = []
    reduction = len(acts[0])
    for first_filter, first_position in tiles:
        # "A PE whose filter or position does not exist is inactive in that tile."
        active = first_filter + row < len(weights) and first_position + col < len(acts)
        # "K is cut into windows of `window` elements; the last may be short."
        for begin in range(0, reduction, machine.window):
            end = min(begin + machine.window, reduction)
            pairs: tuple[bool, ...] = ()
            if active:
                act = acts[first_position + col][begin:end]
                weight = weights[first_filter + row][begin:end]
                pairs = tuple(
                    a and w
                    for a, w in zip(act, weight, strict=True)
                    if _is_multiplied(a, w, machine.skipping)
                )
            jobs.append(Job(active, ends_tile=drains and end == reduction, pairs=pairs))
    return jobs


def _is_multiplied(activation: bool, weight: bool, skipping: str) -> bool:
    """Whether a pair of operands (true: not zero) costs a multiplier's cycle."""
    if skipping == "none":
        return True
    if skipping == "activation":
        return activation
    if skipping == "weight":
        return weight
    if skipping == "two_sided":
        return activation and weight
    raise ValueError(skipping)


def _cycles_never_reached(windows: int, tiles: int, machine: Machine) -> int:
    """A bound so loose that only a machine at a standstill gets there."""
    feeding = 2 * machine.feed_latency
    draining = machine.rows + _pe_latency(machine.lanes)
    return (windows + 2) * (machine.window + feeding) * 2 + (tiles + 1) * draining * 2 + 100
