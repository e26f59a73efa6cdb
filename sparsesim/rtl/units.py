"""What comes out of post-processing units in a replay: `Units` of shell.cpp, for cocotb."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.bench import part

if TYPE_CHECKING:
    from sparsesim.rtl.bench import Replay, Seen


class Units:
    """Watches units that give one sum and one value a cycle at most.

    Sums lie where the machine says, a unit's values in the order of its sums.

    Args:
        dut: the top: sum_valid_o, sum_o, out_valid_o, out_value_o, out_ready_i, a part a unit.
        replay: the pass. seen: gets sums, values, and that no sum has a flag of its overflow.
    """

    def __init__(self, dut: Any, replay: Replay, seen: Seen) -> None:
        self._dut, self._seen, self._told = dut, seen, replay.about["epilogue"]
        self._parameters = replay.parameters
        self._left = replay.filters * replay.positions if replay.about["drains"] else 0
        # Of each unit, filters and positions of the sums whose value has not come.
        count = replay.parameters["UNITS"]
        self._waiting: list[deque[tuple[int, int]]] = [deque() for _ in range(count)]

    def begin(self) -> None:
        """Out of reset: all units have room."""
        self._dut.out_ready_i.value = (1 << len(self._waiting)) - 1

    def edge(self, cycle: int, at: Callable[[int], tuple[int, int] | None]) -> None:
        """Right behind the clock edge that ends a cycle.

        Args:
            cycle: its number.
            at: filter and position of a unit's next sum; None: it has no more. It is asked once
                for each.
        """
        for unit in range(len(self._waiting)):
            if part(self._dut.sum_valid_o, unit, 1) != 0:
                self._sum(unit, cycle, at(unit) if self._left else None)
            if part(self._dut.out_valid_o, unit, 1) != 0:
                self._output(unit, cycle)

    def end(self) -> None:
        """Of the pass: what did not come is wrong."""
        outputs = self._left + sum(map(len, self._waiting)) if self._told else 0
        for what, count in (("results", self._left), ("outputs", outputs)):
            if count:
                self._seen.wrong.append(f"{count} {what} did not come")

    def _sum(self, unit: int, cycle: int, at: tuple[int, int] | None) -> None:
        if at is None:
            self._seen.wrong.append(f"unit {unit} gives a result too many in cycle {cycle}")
            return
        width = self._parameters["ACC_W"]
        self._seen.result[at] = cycle, part(self._dut.sum_o, unit * width, width, True)
        self._seen.overflow[at] = cycle, 0
        self._left -= 1
        if self._told:
            self._waiting[unit].append(at)

    def _output(self, unit: int, cycle: int) -> None:
        if not self._waiting[unit]:
            self._seen.wrong.append(f"unit {unit} gives an output too many in cycle {cycle}")
            return
        at, width = self._waiting[unit].popleft(), self._parameters["VALUE_W"]
        value = part(self._dut.out_value_o, unit * width, width, self._told["low"] < 0)
        self._seen.output[at] = cycle, value
