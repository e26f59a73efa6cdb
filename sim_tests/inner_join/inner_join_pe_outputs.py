"""What inner_join_pe.v shows in each cycle: the model's cycles (inner_join_pe_model.py) as its
ports, and the package's sums in their registers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from inner_join_pe_lines import pointer
from inner_join_pe_model import PeModel, Step, is_effectual
from inner_join_pe_stimuli import Machine, Window

import sparsesim as ss
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import exact_sums
from sparsesim.lowering import product

Result = tuple[int, bool]
"""A sum, signed, and whether it overflowed."""

FINAL_AFTER = 2
"""Cycles from the end of a tile's work to `final_o`; a drain is decided no earlier."""

RESULT_AFTER = 2
"""Cycles from the earliest drain to `result_o`, which the way of the results reads there."""


class PeOutputs:
    """The ports of a PE since its reset, a cycle at a time.

    Attributes:
        model: what pushes and drains go to.
        result: what stands in the result register; None before the first result.
        results: all that stood there.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.model = PeModel(machine)
        self.result: Result | None = None
        self.results: list[Result] = []
        self._behind = [0, 0, 0]  # weights and activations pushed, windows done: of passes before
        self._unfinished: list[Window] = []  # active windows of a tile that goes on
        self._sums: deque[Result] = deque()  # of tiles that this pass ends
        self._due: deque[tuple[int, Result]] = deque()
        self._finals: deque[tuple[int, bool]] = deque()
        self._final: bool | None = None
        self._produced = 0
        self._before: Step | None = None

    def begin(self, windows: Sequence[Window]) -> None:
        """The next cycle is cycle 0 of a pass of these."""
        counts = (*self.model.pushed, self.model.done)
        self._behind = [n + count for n, count in zip(self._behind, counts, strict=True)]
        self.model.begin(windows)
        tiles = []
        for window in windows:
            self._unfinished += [window] if window.active else []
            if window.last and window.active:
                tiles.append(self._unfinished)
                self._unfinished = []
        self._sums += sums(self._machine, tiles)

    def pushed(self, line: int) -> int:
        """Windows of weights (0) or activations (1) pushed since the reset."""
        return self._behind[line] + self.model.pushed[line]

    def act(self, cycle: int) -> tuple[Step, dict[str, int]]:
        """What happens in this cycle, and the ports' values; those not promised are absent.

        Pushes of the cycle come before, drains behind; cycles follow each other.
        """
        before, done = self._before, self._behind[2] + self.model.done
        step = self._before = self.model.act(cycle)
        if self._finals and self._finals[0][0] == cycle:
            self._final = self._finals.popleft()[1]
        if self._due and self._due[0][0] == cycle:
            self.result = self._due.popleft()[1]
            self.results.append(self.result)
        ports = {
            "head_o": pointer(done, self._machine.queue_depth),
            "work_o": int(step.work),
            "done_o": int(step.done),
            "produced_o": self._produced,
            "class_o": step.class_bits,
            "multiplied_o": (1 << len(before.taken)) - 1 if before else 0,
            "effectual_o": _effectual(before) if before else 0,
        }
        if self._final is not None:
            ports["final_o"] = int(self._final)
        if self.result is not None:
            ports["result_o"] = self.result[0] & (1 << self._machine.acc_bits) - 1
            ports["overflow_o"] = int(self.result[1])
        if step.done and step.window and step.window.active and step.window.last:
            self._produced ^= 1
            self._finals.append((cycle + FINAL_AFTER, step.window.is_final))
            due = cycle + self._machine.latency + RESULT_AFTER
            self._due.append((due, self._sums.popleft()))
        return step, ports


def sums(machine: Machine, tiles: Sequence[Sequence[Window]]) -> list[Result]:
    """The package's sums of tiles, each given by its windows in order."""
    if not tiles:
        return []
    reduction = max(map(len, tiles)) * machine.window
    operands = np.zeros(
        (2, len(tiles), 1, reduction), dtype=np.int16
    )  # zeros behind change nothing
    for number, tile in enumerate(tiles):
        for line, halves in enumerate(([w.act for w in tile], [w.weight for w in tile])):
            values = np.concatenate([half.values for half in halves])
            operands[line, number, 0, : len(values)] = values
    array = ss.Accelerator(
        window=machine.window,
        lanes=machine.lanes,
        skipping=machine.skipping,
        acc_bits=machine.acc_bits,
    )
    geometry = product(len(tiles), 1, 1, reduction)
    computed = exact_sums(LayerProduct("pe", geometry, *operands, None, ""), array)
    return list(
        zip(computed.sums.ravel().tolist(), computed.overflow.ravel().tolist(), strict=True)
    )


def _effectual(step: Step) -> int:
    """A bit for each lane whose pair is effectual."""
    if step.window is None:
        return 0
    return sum(1 << lane for lane, k in enumerate(step.taken) if is_effectual(step.window, k))
