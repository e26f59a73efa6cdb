"""The systolic array as a plain clocked machine: the oracle of its cycles, classes and sums.

Registers are moved cycle by cycle, by the sentences of docs/machines/systolic.md, quoted beside the
rule that each became, and not by its formulas. Weights and sums carry tags of what they belong to:
one that is overwritten before it was used, or used before it was there, stops the run. It isn't
meant to be quick.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

CLASSES = ("effectual", "ineffectual", "edges", "preload", "fill", "drain")


class Array(Protocol):
    """What the oracle reads of an array; any object with these attributes will do."""

    @property
    def rows(self) -> int: ...
    @property
    def cols(self) -> int: ...
    @property
    def dataflow(self) -> str: ...
    @property
    def preload(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def units(self) -> int: ...
    @property
    def n_of_m(self) -> str: ...


@dataclass(frozen=True)
class NaiveResult:
    """Cycles of one pass and where they went.

    Attributes:
        cycles: length of the pass.
        classes: slots by class; they sum to rows * cols * cycles.
        sums: (filter, position) -> what left; empty where the pass does not drain.
        ends: (tile along filters, tile along positions, fold, row, column) -> the cycle in which
            that PE took its last step of the fold.
    """

    cycles: int
    classes: dict[str, int]
    sums: dict[tuple[int, int], int]
    ends: dict[tuple[int, int, int, int, int], int]


class Weight(NamedTuple):
    """What a PE holds. Without an element it holds nothing: an edge."""

    fold: int
    row: int
    element: int | None
    value: int


class Step(NamedTuple):
    """What runs through the array: a position of a fold, or an element of K."""

    fold: int
    number: int


@dataclass
class Fold:
    """A fold of a tile, in the order of the pass."""

    tile: tuple[int, int]
    number: int
    is_last: bool
    steps: int
    filters: list[int]
    positions: list[int]
    start: int | None = None


@dataclass
class Sequencer:
    """Starts folds; knows when what it started will have left."""

    folds: list[Fold]
    array: Array
    drains: bool
    next: int = 0
    weights_from: int = 0  # the cycle in which the next fold's weights begin to come
    ended: int = 0  # behind the last drain that is to come of what has started
    left_behind: Fold | None = None  # the last fold whose sums leave
    why: list[str] = field(default_factory=list)  # of each cycle without a step into the array

    def act(self, cycle: int) -> None:
        before = self.folds[self.next - 1] if self.next else None
        streaming = before is not None and cycle < before.start + before.steps
        if self.next < len(self.folds) and not streaming:
            reason = self.reason(cycle, before)
            if not reason:
                return self.start(cycle)
            self.why.append(reason)
        elif streaming:
            self.why.append("works")
        else:
            self.why.append("drain")
        return None

    def reason(self, cycle: int, before: Fold | None) -> str:
        """Why the next fold does not start."""
        array, fold = self.array, self.folds[self.next]
        # "all work of the fold before has ended"
        if before is not None and array.preload == "serial" and cycle < self.ends(before):
            return "fill"
        if keeps_weights(array) and cycle < self.weights_from + array.rows:
            return "preload"
        if before is not None and cycle < before.start + (4 if keeps_weights(array) else 2):
            return "preload"
        # "no sum of it can overtake one of the tile before"
        if self.drains and fold.is_last and self.left_behind is not None:
            last = self.left_behind
            positions, turns = len(last.positions), -(-len(last.filters) // array.units)
            if cycle + write_latency(array, fold) < self.ended - positions - turns + 1:
                return "drain"
        return ""

    def ends(self, fold: Fold) -> int:
        """The cycle behind its last work."""
        return fold.start + fold.steps + self.array.rows + self.array.cols - 2

    def start(self, cycle: int) -> None:
        array, fold = self.array, self.folds[self.next]
        self.why.append("works")
        fold.start = cycle
        self.next += 1
        self.weights_from = cycle + (array.n_of_m != "none")
        if array.preload == "serial":
            self.weights_from = self.ends(fold)
        if self.drains and fold.is_last:
            turns = -(-len(fold.filters) // array.units)
            begins = max(self.ended, cycle + drain_latency(array, fold))
            self.ended = begins + len(fold.positions) * turns
            self.left_behind = fold


def naive_systolic_cycles(
    act: NDArray[np.integer],
    weight: NDArray[np.integer],
    array: Array,
    structured: bool = False,
    drains: bool = True,
) -> NaiveResult:
    """Runs one pass, cycle by cycle.

    Args:
        act: (positions, K). weight: (filters, K).
        array: its parameters.
        structured: whether n of every m weights are held where no more are non-zero.
        drains: false where K was cut before the end of the tile (the pass is then one tile).
    """
    acts, weights = act.astype(int).tolist(), weight.astype(int).tolist()
    held = [held_weights(line, array, structured and obeys(weights, array)) for line in weights]
    folds = folds_of(len(weights), len(acts), len(held[0]), array)
    if not drains and len({fold.tile for fold in folds}) > 1:
        raise ValueError("a pass that cuts K is one tile")
    sequencer = Sequencer(folds, array, drains)
    machine = (Keeps if keeps_weights(array) else Sums)(acts, held, folds, array, drains)
    for cycle in count():
        sequencer.act(cycle)
        machine.act(cycle, sequencer)
        if sequencer.next == len(folds) and machine.empties(cycle) and cycle + 1 >= sequencer.ended:
            break
        assert cycle < 100_000, "the machine is stuck"
    cycles = cycle + 1
    classes = dict.fromkeys(CLASSES, 0)
    last = folds[-1]
    for now in range(cycles):
        for r in range(array.rows):
            for c in range(array.cols):
                own = now - r - c  # what the sequencer did then is here now
                kind = machine.did.get((now, r, c))
                if kind is None:
                    kind = sequencer.why[own] if own >= 0 else "fill"
                    assert kind != "works"
                    if own >= last.start + last.steps:
                        array_is_full = now < last.start + last.steps + array.rows + array.cols - 2
                        kind = "fill" if array_is_full else "drain"
                classes[kind] += 1
    return NaiveResult(cycles, classes, machine.left, machine.ends)


class Machine:
    """What both dataflows share: steps that move to the right, and results that leave."""

    def __init__(self, acts, held, folds: list[Fold], array: Array, drains: bool) -> None:
        self.acts, self.held, self.folds, self.array = acts, held, folds, array
        self.drains = drains
        self.steps: list[list[Step | None]] = [[None] * array.cols for _ in range(array.rows)]
        self.did: dict[tuple[int, int, int], str] = {}
        self.ends: dict[tuple[int, int, int, int, int], int] = {}
        self.left: dict[tuple[int, int], int] = {}
        self.draining: deque[tuple[int, Fold]] = deque()  # (may begin, last fold of a tile)
        self.began: int | None = None

    def act(self, cycle: int, sequencer: Sequencer) -> None:
        array = self.array
        # "A fold that starts in cycle x meets in its step t the PE of row r, column c in cycle
        # x + t + r + c": each row is a cycle behind the one above, each column behind its left.
        first = [row[0] for row in self.steps]
        entering = None
        for number, fold in enumerate(self.folds):
            if fold.start is not None and fold.start <= cycle < fold.start + fold.steps:
                entering = Step(number, cycle - fold.start)
                if cycle == fold.start and fold.is_last and self.drains:
                    self.draining.append((cycle + drain_latency(array, fold), fold))
        self.steps = [
            [entering if r == 0 else first[r - 1], *row[:-1]] for r, row in enumerate(self.steps)
        ]
        self.drain(cycle)
        for r, row in enumerate(self.steps):
            for c, step in enumerate(row):
                if step is not None:
                    self.did[cycle, r, c] = self.work(cycle, r, c, step)
                    fold = self.folds[step.fold]
                    self.ends[*fold.tile, fold.number, r, c] = cycle
        self.clock(cycle, sequencer)

    def drain(self, cycle: int) -> None:
        """ "one a unit and cycle, position by position: unit u takes those of columns u, u + U" """
        if not self.draining:
            return
        may_begin, fold = self.draining[0]
        if self.began is None:
            if cycle < may_begin:
                return
            self.began = cycle
        units, turns = self.array.units, -(-len(fold.filters) // self.array.units)
        number, turn = divmod(cycle - self.began, turns)
        for unit in range(units):
            column = unit + turn * units
            if column < len(fold.filters):
                at = fold.filters[column], fold.positions[number]
                assert at not in self.left
                self.left[at] = self.result(cycle, fold, number, column)
        if (number, turn) == (len(fold.positions) - 1, turns - 1):
            self.draining.popleft()
            self.began = None

    def empties(self, cycle: int) -> bool:
        """Whether no step is left behind this cycle."""
        last = self.folds[-1]
        if last.start is None or cycle < last.start + last.steps - 1:
            return False
        inside = [step for row in self.steps for step in row if step is not None]
        return len(inside) - (self.steps[-1][-1] is not None) == 0

    def pair(self, r: int, fold: Fold, activation: int | None, weight: int | None) -> str:
        if activation is None or weight is None:
            return "edges"
        return "effectual" if activation and weight else "ineffectual"

    def work(self, cycle: int, r: int, c: int, step: Step) -> str:
        raise NotImplementedError

    def result(self, cycle: int, fold: Fold, number: int, column: int) -> int:
        raise NotImplementedError

    def clock(self, cycle: int, sequencer: Sequencer) -> None:
        raise NotImplementedError


class Keeps(Machine):
    """Weights stay. A PE has two registers for them; sums run down, into memories of the column."""

    def __init__(self, acts, held, folds, array, drains) -> None:
        super().__init__(acts, held, folds, array, drains)
        rows, cols = array.rows, array.cols
        nothing = Weight(-1, -1, None, 0)
        self.coming = [[nothing] * cols for _ in range(rows)]
        self.active = [[nothing] * cols for _ in range(rows)]
        self.running = [[0] * cols for _ in range(rows)]  # sums, of this cycle
        self.above = [[0] * cols for _ in range(rows)]  # of the cycle before
        # (column, position of the tile) -> (tile, fold, sum), and the cycle from which it is there
        self.partial: dict[tuple[int, int], tuple[int, Fold, int]] = {}
        self.final: dict[tuple[int, int], list[tuple[int, Fold, int]]] = {}
        self.loads: list[tuple[int, int]] = []  # (first cycle in column 0, fold)

    def work(self, cycle: int, r: int, c: int, step: Step) -> str:
        fold = self.folds[step.fold]
        if step.number == 0:  # taken over with the first step
            self.active[r][c] = self.coming[r][c]
        weight = self.active[r][c]
        assert (weight.fold, weight.row) == (step.fold, r), "another fold's weight"
        above = self.above[r - 1][c] if r else 0
        has_filter = c < len(fold.filters) and weight.element is not None
        activation = None
        if weight.element is not None:
            activation = self.acts[fold.positions[step.number]][weight.element]
        self.running[r][c] = above + (activation * weight.value if has_filter else 0)
        if r == self.array.rows - 1:
            self.add(cycle, c, step, self.running[r][c])
        return self.pair(r, fold, activation, weight.value if has_filter else None)

    def add(self, cycle: int, c: int, step: Step, made: int) -> None:
        """ "each fold adds to what the fold before left in the column's memory" """
        fold, at = self.folds[step.fold], (c, step.number)
        if fold.number:
            there_from, before, value = self.partial[at]
            assert cycle >= there_from, "a sum has not gone round yet"
            assert (before.tile, before.number) == (fold.tile, fold.number - 1), "another's sum"
            made += value
        if fold.is_last and self.drains:
            # "The last fold's sums go to a second memory of the column". They can be read from
            # the cycle behind their being written; older ones until then.
            written = cycle - (self.array.rows - 1) + write_latency(self.array, fold)
            self.final.setdefault(at, []).append((written + 1, fold, made))
        else:
            self.partial[at] = cycle + 4, fold, made

    def result(self, cycle: int, fold: Fold, number: int, column: int) -> int:
        there = [one for one in self.final[column, number] if one[0] <= cycle]
        _, of, value = there[-1]
        assert of.tile == fold.tile, "another tile's sum"
        return value

    def clock(self, cycle: int, sequencer: Sequencer) -> None:
        """Weights shift: "row r begins to shift when it has taken over the weights before"."""
        array = self.array
        if cycle == sequencer.weights_from and sequencer.next < len(self.folds):
            self.loads.append((cycle, sequencer.next))
        for c in range(array.cols):
            for begins, number in self.loads:
                shifted = cycle - c - begins
                if 0 <= shifted < array.rows:
                    for r in range(min(shifted, array.rows - 1), 0, -1):
                        self.coming[r][c] = self.coming[r - 1][c]
                    self.coming[0][c] = self.weight_of(number, array.rows - 1 - shifted, c)
        self.above, self.running = self.running, [[0] * array.cols for _ in range(array.rows)]

    def weight_of(self, number: int, row: int, c: int) -> Weight:
        fold = self.folds[number]
        place = fold.number * self.array.rows + row
        if place >= len(self.held[0]):
            return Weight(number, row, None, 0)
        element, value = self.held[fold.filters[c] if c < len(fold.filters) else 0][place]
        return Weight(number, row, element, value)


class Sums(Machine):
    """Sums stay. A PE has a register for its result beside the sum."""

    def __init__(self, acts, held, folds, array, drains) -> None:
        super().__init__(acts, held, folds, array, drains)
        self.sums = [[0] * array.cols for _ in range(array.rows)]
        self.results: dict[tuple[int, int], list[tuple[int, Fold, int]]] = {}

    def work(self, cycle: int, r: int, c: int, step: Step) -> str:
        fold = self.folds[step.fold]
        activation = weight = None
        if r < len(fold.positions):
            activation = self.acts[fold.positions[r]][step.number]
        if c < len(fold.filters):
            _, weight = self.held[fold.filters[c]][step.number]
        before = self.sums[r][c] if step.number else 0
        self.sums[r][c] = before + (activation or 0) * (weight or 0)
        if step.number == fold.steps - 1:
            written = cycle - (fold.steps - 1) + write_latency(self.array, fold)
            self.results.setdefault((r, c), []).append((written + 1, fold, self.sums[r][c]))
        return self.pair(r, fold, activation, weight)

    def result(self, cycle: int, fold: Fold, number: int, column: int) -> int:
        there = [one for one in self.results[number, column] if one[0] <= cycle]
        _, of, value = there[-1]
        assert of.tile == fold.tile, "another tile's sum"
        return value

    def clock(self, cycle: int, sequencer: Sequencer) -> None:
        """Nothing else moves."""


def keeps_weights(array: Array) -> bool:
    return array.dataflow == "weight_stationary"


def write_latency(array: Array, fold: Fold) -> int:
    """From a fold's start to the writing of its first sum."""
    if keeps_weights(array):
        return array.rows + 2 + (array.n_of_m != "none")
    return fold.steps


def drain_latency(array: Array, fold: Fold) -> int:
    """From the start of a tile's last fold to the first drain: "what units take in step must be
    there", column by column."""
    there = write_latency(array, fold) + (2 if keeps_weights(array) else 1)
    first = 0
    for column in range(array.cols):
        turn = column // array.units
        first = max(first, there + column - turn)
    return first


def folds_of(filters: int, positions: int, held: int, array: Array) -> list[Fold]:
    """ "for each strip of T positions, all filters" """
    strip = array.depth if keeps_weights(array) else array.rows
    folds = []
    for p in range(0, positions, strip):
        own = list(range(p, min(p + strip, positions)))
        for m in range(0, filters, array.cols):
            of = list(range(m, min(m + array.cols, filters)))
            tile = m // array.cols, p // strip
            many = -(-held // array.rows) if keeps_weights(array) else 1
            steps = len(own) if keeps_weights(array) else held
            folds += [Fold(tile, k, k == many - 1, steps, of, own) for k in range(many)]
    return folds


def obeys(weights: list[list[int]], array: Array) -> bool:
    """Whether every m weights along K have n non-zeros at most."""
    if array.n_of_m == "none":
        return False
    n, m = map(int, array.n_of_m.split(":"))
    return all(
        sum(value != 0 for value in line[first : first + m]) <= n
        for line in weights
        for first in range(0, len(line), m)
    )


def held_weights(line: list[int], array: Array, structured: bool) -> list[tuple[int, int]]:
    """(element, weight) of each row that a filter's K takes."""
    if not structured:
        return list(enumerate(line))
    n, m = map(int, array.n_of_m.split(":"))
    held = []
    for first in range(0, len(line), m):
        block = range(first, min(first + m, len(line)))
        kept = [(k, line[k]) for k in block if line[k]]
        places = min(n, len(block))
        held += kept + [(first, 0)] * (places - len(kept))
    return held
