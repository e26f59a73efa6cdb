"""The streams and columns of `inner_join`'s top in a replay under cocotb.

See `sparsesim.rtl.bench.Bench`; driver.cpp is its twin in C++. It needs no simulator itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.bench import Place, part

if TYPE_CHECKING:
    import numpy as np

    from sparsesim.rtl.bench import Replay, Seen


class InnerJoinBench:
    """Drives both sides' streams and watches the columns."""

    def __init__(self, dut: Any, replay: Replay, seen: Seen) -> None:
        self._dut, self._replay = dut, replay
        self._monitor = Monitor(dut, replay, seen)
        self._lines: list[Lines] = []

    def index(self, filter_: int) -> int:
        """Where the post-processing has a filter's parameters: by its number."""
        return filter_

    def begin(self) -> None:
        dut, replay = self._dut, self._replay
        rows, cols = replay.parameters["ROWS"], replay.parameters["COLS"]
        window, reduction = replay.parameters["WINDOW"], replay.arrays["weights"].shape[1]
        dut.out_ready_i.value = (1 << cols) - 1
        words = [  # inner_join_pass_shape.v
            -(-reduction // window),
            -(-replay.filters // rows),
            -(-replay.positions // cols),
            (replay.filters - 1) % rows + 1,
            (replay.positions - 1) % cols + 1,
            (reduction - 1) % window + 1,
            int(replay.about["drains"]),
        ]
        dut.pass_i.value = sum(word << 32 * number for number, word in enumerate(words))
        self._lines = [Lines(dut, replay, name) for name in ("weight", "act")]

    def edge(self, cycle: int) -> None:
        self._monitor.edge(cycle)
        for lines in self._lines:
            lines.edge()

    def end(self) -> None:
        self._monitor.end()


class Lines:
    """Driver of the streams of all rows, or of all columns: a window stays until it is taken."""

    def __init__(self, dut: Any, replay: Replay, name: str) -> None:
        """`name`: `weight`, whose vectors are filters, or `act`, whose vectors are positions."""
        along = int(name == "act")
        vectors = replay.arrays[("weights", "activations")[along]]
        self._window = replay.parameters["WINDOW"]
        self._bits = replay.parameters[("WEIGHT_W", "ACT_W")[along]]
        self._ports = [getattr(dut, f"{name}_{port}_i") for port in ("valid", "mask", "values")]
        self._ready = getattr(dut, f"{name}_ready_o")
        self._streams = []
        lines = replay.parameters[("ROWS", "COLS")[along]]
        for line in range(lines):
            numbers = (tile[along] * lines + line for tile in replay.tiles)
            mine = [vectors[number] for number in numbers if number < len(vectors)]
            self._streams.append(self._windows(mine))
        self._offered = [next(stream, None) for stream in self._streams]
        self._offer()

    def _windows(self, vectors: list[np.ndarray]) -> Iterator[tuple[int, int]]:
        """Mask and packed values of each."""
        keep = (1 << self._bits) - 1
        for vector in vectors:
            for first in range(0, len(vector), self._window):
                pairs = list(enumerate(vector[first : first + self._window].tolist()))
                mask = sum(1 << k for k, value in pairs if value)
                yield mask, sum((value & keep) << k * self._bits for k, value in pairs)

    def _offer(self) -> None:
        valid = mask = values = 0
        for n, window in enumerate(self._offered):
            if window is not None:
                valid |= 1 << n
                mask |= window[0] << n * self._window
                values |= window[1] << n * self._window * self._bits
        for port, value in zip(self._ports, (valid, mask, values), strict=True):
            port.value = value

    def edge(self) -> None:
        """Right behind a clock edge: what it took makes place for the next."""
        took = [n for n, window in enumerate(self._offered) if window and part(self._ready, n, 1)]
        for n in took:
            self._offered[n] = next(self._streams[n], None)
        if took:
            self._offer()


class Monitor:
    """Puts what comes out of the columns where it belongs."""

    def __init__(self, dut: Any, replay: Replay, seen: Seen) -> None:
        self._dut, self._replay, self._seen = dut, replay, seen
        self._cols = replay.parameters["COLS"]
        self._told = replay.about["epilogue"]
        places = list(replay.places())
        # Columns give their results tile by tile, rows rising.
        self._sums = [[p for p in places if p.within[1] == j] for j in range(self._cols)]
        self._outputs = [list(column) for column in self._sums]
        # Of each PE, windows of all tiles in order; a view, which is written through.
        self._ends = seen.ends.reshape(-1, seen.ends[0, 0].size)
        self._ended = [0] * self._ends.shape[1]

    def edge(self, cycle: int) -> None:
        """Right behind the clock edge that ends the cycle."""
        dut = self._dut
        done = part(dut.done_o, 0, len(self._ended))
        for pe, ended in enumerate(self._ended if done != 0 else ()):
            if part(dut.done_o, pe, 1) != 0 and ended < len(self._ends):
                self._ends[ended, pe] = cycle
                self._ended[pe] += 1
        for j in range(self._cols):
            if part(dut.sum_valid_o, j, 1) != 0:
                self._sum(j, cycle)
            if self._told and part(dut.out_valid_o, j, 1) != 0:
                self._beat(j, cycle)

    def end(self) -> None:
        """Of the pass."""
        for what, columns in (("results", self._sums), ("outputs", self._outputs)):
            due = sum(map(len, columns)) if what == "results" or self._told else 0
            if due:
                self._seen.wrong.append(f"{due} {what} did not come")

    def _sum(self, j: int, cycle: int) -> None:
        column, bits = self._sums[j], self._replay.parameters["ACC_W"]
        if not column:
            self._seen.wrong.append(f"column {j} gives a result too many in cycle {cycle}")
            return
        place = column.pop(0)
        self._seen.result[place.at] = cycle, part(self._dut.sum_o, j * bits, bits, True)
        self._seen.overflow[place.at] = cycle, part(self._dut.sum_overflow_o, j, 1)
        self._mark(self._dut.sum_last_o, j, cycle, not column or column[0].tile != place.tile)

    def _beat(self, j: int, cycle: int) -> None:
        """A mask on top of packed values: a window, or what is left of a position's channels."""
        column = self._outputs[j]
        window, bits = self._replay.parameters["WINDOW"], self._replay.parameters["VALUE_W"]
        low = j * (len(self._dut.out_data_o) // self._cols)
        slot, closed = low, False
        for k in range(window):
            if not column:
                self._seen.wrong.append(f"column {j} gives an output too many in cycle {cycle}")
                return
            place = column.pop(0)
            value: int | None = self._told["zero_point"]
            if part(self._dut.out_data_o, low + window * bits + k, 1) != 0:
                value = part(self._dut.out_data_o, slot, bits, self._told["low"] < 0)
                slot += bits
            self._seen.output[place.at] = cycle, value
            closed = self._closes(place, column)
            if closed:
                break
        self._mark(self._dut.out_last_o, j, cycle, closed)

    def _closes(self, place: Place, behind: list[Place]) -> bool:
        """Whether a position's channels end with a place."""
        tile = behind[0].tile if behind else (-1, -1)
        inner = self._replay.parameters["POSITIONS_INNER"]
        return tile != place.tile if inner else tile[1] != place.tile[1]

    def _mark(self, last: Any, j: int, cycle: int, expected: bool) -> None:
        if part(last, j, 1) != int(expected):
            name = last._name
            self._seen.wrong.append(f"{name} of column {j} is not {int(expected)} in cycle {cycle}")
