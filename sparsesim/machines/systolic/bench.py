"""The edges and units of `systolic`'s top in a replay under cocotb.

See `sparsesim.rtl.bench.Bench`; driver.cpp is its twin in C++. It needs no simulator itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.bench import part
from sparsesim.rtl.units import Units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.rtl.bench import Replay, Seen

DRAINS = 10
"""The word of a pass's shape that says whether it drains."""


class SystolicBench:
    """Drives both edges and watches the units."""

    def __init__(self, dut: Any, replay: Replay, seen: Seen) -> None:
        self._dut, self._replay = dut, replay
        self._units = Units(dut, replay, seen)
        # Tile by tile, position by position, the filters of a unit's own columns.
        units, at = replay.parameters["UNITS"], {t: n for n, t in enumerate(replay.tiles)}
        places = sorted(replay.places(), key=lambda p: (at[p.tile], p.within[1], p.within[0]))
        self._places = [
            deque(p.at for p in places if p.within[0] % units == unit) for unit in range(units)
        ]
        # Of each place, folds of all tiles in order; a view, which is written through.
        self._ends = seen.ends.reshape(-1, seen.ends[0, 0].size)
        self._ended = [0] * self._ends.shape[1]
        self._edges: list[Edge] = []

    def index(self, filter_: int) -> int:
        """Of a filter's parameters in the post-processing."""
        return filter_

    def begin(self) -> None:
        dut, told = self._dut, self._replay.parameters
        shape, weights, activations = self._replay.packed
        words = [int(word) for word in shape]
        words[DRAINS] = int(self._replay.about["drains"])
        dut.pass_i.value = sum(word << 32 * number for number, word in enumerate(words))
        self._units.begin()
        self._edges = edges(dut, told, words, weights, activations)
        for edge in self._edges:
            edge.valid.value = 1

    def edge(self, cycle: int) -> None:
        done = part(self._dut.done_o, 0, len(self._ended))
        for number, ended in enumerate(self._ended if done != 0 else ()):
            if part(self._dut.done_o, number, 1) == 1 and ended < len(self._ends):
                self._ends[ended, number] = cycle
                self._ended[number] += 1
        self._units.edge(cycle, self._next)
        for edge in self._edges:
            edge.edge()

    def end(self) -> None:
        self._units.end()

    def _next(self, unit: int) -> tuple[int, int] | None:
        return self._places[unit].popleft() if self._places[unit] else None


class Edge:
    """Of the array: what the next step takes stands at its ports.

    Attributes:
        valid: the port that tells that a fold's operands are there; driven by whoever has this.
    """

    def __init__(self, dut: Any, name: str, ports: list[Any], steps: Iterator[list[int]]) -> None:
        """`name`: `weight` or `act`; each step has a number for each of the ports."""
        self.valid = getattr(dut, f"{name}_valid_i")
        self._take = getattr(dut, f"{name}_take_o")
        self._ports, self._steps = ports, steps
        self._offer()

    def edge(self) -> None:
        """Right behind a clock edge: what it took makes place for the next."""
        if part(self._take, 0, 1) == 1:
            self._offer()

    def _offer(self) -> None:
        step = next(self._steps, None)
        for port, value in zip(self._ports, step or (), strict=False):
            port.value = value


def edges(
    dut: Any,
    parameters: dict[str, int],
    shape: list[int],
    weights: NDArray[np.uint32],
    activations: NDArray[np.uint32],
) -> list[Edge]:
    """Both edges of an array, or of a top around it, before a pass.

    Args:
        dut: cocotb's handle.
        parameters: of the Verilog.
        shape, weights, activations: as `packing.py` lays them out.
    """
    return [
        Edge(dut, "weight", [dut.weight_i, dut.choice_i], _weights(parameters, shape, weights)),
        Edge(dut, "act", [dut.act_i], _activations(parameters, shape, activations)),
    ]


def _weights(
    told: dict[str, int], shape: list[int], weights: NDArray[np.uint32]
) -> Iterator[list[int]]:
    """A tile's, for each strip of positions anew."""
    split = -(-told["COLS"] * told["WEIGHT_W"] // 32)
    for _ in range(shape[2]):
        for tile in weights:
            for step in tile:
                yield [_number(step[:split]), _number(step[split:])]


def _activations(
    told: dict[str, int], shape: list[int], activations: NDArray[np.uint32]
) -> Iterator[list[int]]:
    """A strip's, for each tile of filters anew."""
    for strip in range(shape[2]):
        for _ in range(shape[1]):
            if told["OUTPUT_STATIONARY"]:
                yield from ([_number(step)] for step in activations[strip])
                continue
            first = strip * told["DEPTH"]
            for fold in activations:
                yield from ([_number(step)] for step in fold[first : first + told["DEPTH"]])


def _number(words: NDArray[np.uint32]) -> int:
    return int.from_bytes(words.astype("<u4").tobytes(), "little")
