"""What a PE does in each cycle: the clocked machine of the tests, with positions of pairs and
windows in work beside it. Values are inner_join_pe_outputs.py's business.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inner_join_pe_stimuli import Machine, Window

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from naive_array import Job, Pe, _is_multiplied

CLASS_BITS = {"operand_wait": 4, "drain_wait": 2, "inactive": 1}
"""Bits of inner_join_pe.v's class_o of cycles without active work; 8 is active work."""


@dataclass(frozen=True)
class Step:
    """One cycle of a PE.

    Attributes:
        there: a window is at the heads of both queues: in work, or waiting for the drain.
        blocked: it waits for the drain.
        work, done: this is a cycle of work, and its window's last.
        window: the one at the heads, None without one.
        taken: positions of the pairs that the lanes take, lane 0 first.
        class_bits: as class_o of inner_join_pe.v.
    """

    there: bool
    blocked: bool
    work: bool
    done: bool
    window: Window | None
    taken: tuple[int, ...]
    class_bits: int


class PeModel:
    """A PE behind feeders of latency 1, a cycle at a time.

    Attributes:
        windows: of the pass.
        pushed: weight and activation windows pushed in this pass.
        done: windows that are done in this pass.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._pe = Pe([], machine.lanes, feed_latency=1)
        self._positions: list[tuple[int, ...]] = []
        self.windows: Sequence[Window] = ()
        self.pushed = [0, 0]

    def begin(self, windows: Sequence[Window]) -> None:
        """The next cycle is cycle 0 of a pass of these; the last one is over, or is given up."""
        scheme = self._machine.skipping
        self.windows = windows
        self._positions = [multiplied(window, scheme) for window in windows]
        jobs = [
            Job(window.active, window.last, tuple(is_effectual(window, k) for k in positions))
            for window, positions in zip(windows, self._positions, strict=True)
        ]
        self._pe = Pe(jobs, self._machine.lanes, feed_latency=1)
        self.pushed = [0, 0]

    @property
    def done(self) -> int:
        return len(self._pe.spans)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The first and last cycle of work on each window that is done."""
        return self._pe.spans

    @property
    def is_over(self) -> bool:
        """All windows of the pass are done and its results drained."""
        return self._pe.done and not self.has_result

    @property
    def has_result(self) -> bool:
        """A result waits for its drain."""
        return self._pe.result_ended_in is not None

    def can_drain(self, cycle: int) -> bool:
        """A result may be drained in this cycle."""
        ended = self._pe.result_ended_in
        return ended is not None and cycle >= ended + self._machine.latency

    def drain(self) -> None:
        """Behind `act`: the result was drained in that cycle."""
        self._pe.result_ended_in = None

    def has_slot(self, line: int) -> bool:
        """The feeder of weights (0) or activations (1) knows of a free slot and has a window."""
        left = self.pushed[line] < len(self.windows)
        return left and self.pushed[line] - self.done < self._machine.queue_depth

    def push(self, line: int, cycle: int) -> None:
        """Before `act`: the next window of weights (0) or activations (1) is pushed."""
        queue = (self._pe.weights, self._pe.activations)[line]
        queue.usable_from.append(cycle + 1)
        self.pushed[line] += 1

    def act(self, cycle: int) -> Step:
        """What happens in this cycle; cycles follow each other."""
        pe = self._pe
        number = self.done
        before = dict(pe.slots)
        taken = 0 if pe.started_in is None else pe.taken
        heads = (pe.weights, pe.activations)
        there = not pe.done and all(queue.head_is_there(cycle) for queue in heads)
        pe.act(cycle)
        changed = {name for name, slots in pe.slots.items() if slots != before[name]}
        done = self.done > number
        work = done or pe.started_in is not None
        active = work and self.windows[number].active
        return Step(
            there=there,
            blocked=there and not work,
            work=work,
            done=done,
            window=self.windows[number] if there else None,
            taken=self._positions[number][taken : pe.taken] if active else (),
            class_bits=8 if active else sum(CLASS_BITS.get(name, 0) for name in changed),
        )


def multiplied(window: Window, scheme: str) -> tuple[int, ...]:
    """Positions of the pairs that cost a multiplier's cycle, ascending."""
    if not window.active:
        return ()
    act, weight = window.act.mask, window.weight.mask
    return tuple(
        k for k in range(window.length) if _is_multiplied(bool(act[k]), bool(weight[k]), scheme)
    )


def is_effectual(window: Window, position: int) -> bool:
    """Both operands of the pair are non-zero."""
    return bool(window.act.mask[position] and window.weight.mask[position])
