"""Replays a pass of a co-simulation under cocotb, and names the first place that differs.

    python test_replay.py [--sim verilator|icarus]

Exit code 0: the Verilog gives what the model says; 1: it differs; 2: it could not be run. Needs
sparsesim, for its Verilog and tools. Beside this file lie `replay.npz`, with the operands and all
that the model says of them, and `replay.vcd`, the signals of the run that it was written with. This
run leaves its own signals, log and results in `sim_verilator` or `sim_icarus`.

Cycle 0 is the cycle behind `start_i`. It is no test for pytest: cocotb runs it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

HERE = Path(__file__).resolve().parent
TOP = "inner_join_accelerator"
PERIOD_NS = 10


@dataclass(frozen=True)
class Place:
    """Of a result: its tile (along filters, along positions), PE (row, column), and its own
    filter and position."""

    tile: tuple[int, int]
    pe: tuple[int, int]
    at: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Replay:
    """What `replay.npz` holds; sparsesim/cosim/replay.py writes it.

    Attributes:
        about: which pass of the co-simulation it is, and which part; where its first tile and
            window are in the layer; the Verilog's folder (null: the package's); the layer's
            post-processing (null: none).
        parameters: of the Verilog.
        arrays: operands, vectors of the post-processing, and what the model says, by name.
    """

    about: dict[str, Any]
    parameters: dict[str, int]
    arrays: dict[str, np.ndarray]

    @property
    def filters(self) -> int:
        return len(self.arrays["weights"])

    @property
    def positions(self) -> int:
        return len(self.arrays["activations"])

    @property
    def windows(self) -> int:
        """Windows of a tile."""
        return -(-self.arrays["weights"].shape[1] // self.parameters["WINDOW"])

    @property
    def tiles(self) -> list[tuple[int, int]]:
        """In the order of the pass."""
        filters = range(-(-self.filters // self.parameters["ROWS"]))
        positions = range(-(-self.positions // self.parameters["COLS"]))
        if self.parameters["POSITIONS_INNER"]:
            return [(m, p) for m in filters for p in positions]
        return [(m, p) for p in positions for m in filters]

    def places(self) -> Iterator[Place]:
        """Of all results: tile by tile, then by row, then by column; none where none drain."""
        rows, cols = self.parameters["ROWS"], self.parameters["COLS"]
        for m, p in self.tiles if self.about["drains"] else ():
            for i in range(min(rows, self.filters - m * rows)):
                for j in range(min(cols, self.positions - p * cols)):
                    yield Place((m, p), (i, j), (m * rows + i, p * cols + j))

    def named(self, tile: tuple[int, int], pe: tuple[int, int]) -> str:
        """A PE in a tile, by the layer's number of it."""
        first_m, first_p = self.about["first_tile"]
        return f"tile {(first_m + tile[0], first_p + tile[1])}, PE {pe}"


@dataclass
class Seen:
    """What the Verilog did. Of each result, by filter and position, the cycle in which it came and
    what it was; None is an unknown value.

    Attributes:
        result, overflow, output: sums, their overflow, values behind the post-processing.
        ends: by row and column: the cycles in which work on windows ended.
        wrong: what is missing, or belongs nowhere, a text each.
        cycles, classes: as the Verilog counts them.
    """

    result: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    overflow: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    output: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    ends: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    cycles: int | None = None
    classes: list[int | None] = field(default_factory=list)


def part(handle: Any, low: int, width: int, is_signed: bool = False) -> int | None:
    """Bits of a signal; None where one of them is unknown."""
    whole = handle.value
    if whole.is_resolvable:
        number = int(whole) >> low & (1 << width) - 1
    else:
        bits = str(whole)[::-1][low : low + width][::-1]
        if not set(bits) <= {"0", "1"}:
            return None
        number = int(bits, 2)
    return number - (1 << width) if is_signed and number >> width - 1 else number


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

    def __init__(self, dut: Any, replay: Replay) -> None:
        self._dut, self._replay, self.seen = dut, replay, Seen()
        self._rows, self._cols = replay.parameters["ROWS"], replay.parameters["COLS"]
        self._told = replay.about["epilogue"]
        places = list(replay.places())
        # Columns give their results tile by tile, rows rising.
        self._sums = [[p for p in places if p.pe[1] == j] for j in range(self._cols)]
        self._outputs = [list(column) for column in self._sums]
        self._pes = [(i, j) for i in range(self._rows) for j in range(self._cols)]
        self.seen.ends = {pe: [] for pe in self._pes}

    def edge(self, cycle: int) -> None:
        """Right behind the clock edge that ends the cycle."""
        dut = self._dut
        done = part(dut.done_o, 0, len(self._pes))
        for number, pe in enumerate(self._pes if done != 0 else ()):
            if part(dut.done_o, number, 1) != 0:
                self.seen.ends[pe].append(cycle)
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
                self.seen.wrong.append(f"{due} {what} did not come")

    def _sum(self, j: int, cycle: int) -> None:
        column, bits = self._sums[j], self._replay.parameters["ACC_W"]
        if not column:
            self.seen.wrong.append(f"column {j} gives a result too many in cycle {cycle}")
            return
        place = column.pop(0)
        self.seen.result[place.at] = cycle, part(self._dut.sum_o, j * bits, bits, True)
        self.seen.overflow[place.at] = cycle, part(self._dut.sum_overflow_o, j, 1)
        self._mark(self._dut.sum_last_o, j, cycle, not column or column[0].tile != place.tile)

    def _beat(self, j: int, cycle: int) -> None:
        """A mask on top of packed values: a window, or what is left of a position's channels."""
        column = self._outputs[j]
        window, bits = self._replay.parameters["WINDOW"], self._replay.parameters["VALUE_W"]
        low = j * (len(self._dut.out_data_o) // self._cols)
        slot, closed = low, False
        for k in range(window):
            if not column:
                self.seen.wrong.append(f"column {j} gives an output too many in cycle {cycle}")
                return
            place = column.pop(0)
            value: int | None = self._told["zero_point"]
            if part(self._dut.out_data_o, low + window * bits + k, 1) != 0:
                value = part(self._dut.out_data_o, slot, bits, self._told["low"] < 0)
                slot += bits
            self.seen.output[place.at] = cycle, value
            tile = column[0].tile if column else (-1, -1)
            inner = self._replay.parameters["POSITIONS_INNER"]
            closed = tile != place.tile if inner else tile[1] != place.tile[1]
            if closed:
                break
        self._mark(self._dut.out_last_o, j, cycle, closed)

    def _mark(self, last: Any, j: int, cycle: int, expected: bool) -> None:
        if part(last, j, 1) != int(expected):
            name = last._name
            self.seen.wrong.append(f"{name} of column {j} is not {int(expected)} in cycle {cycle}")


async def run_pass(dut: Any, replay: Replay) -> Seen:
    """Reset, write the post-processing's parameters, run the pass."""
    for handle in dut:
        if handle._name.endswith(("_i", "_ni")) and handle._name != "clk_i":
            handle.value = 0
    Clock(dut.clk_i, PERIOD_NS, unit="ns").start()
    for _ in range(4):
        await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    await _post_processing(dut, replay)
    rows, cols = replay.parameters["ROWS"], replay.parameters["COLS"]
    window, reduction = replay.parameters["WINDOW"], replay.arrays["weights"].shape[1]
    dut.out_ready_i.value = (1 << cols) - 1
    dut.windows_i.value = replay.windows
    dut.filter_tiles_i.value = -(-replay.filters // rows)
    dut.position_tiles_i.value = -(-replay.positions // cols)
    dut.last_filters_i.value = (replay.filters - 1) % rows + 1
    dut.last_positions_i.value = (replay.positions - 1) % cols + 1
    dut.last_length_i.value = (reduction - 1) % window + 1
    dut.drains_i.value = int(replay.about["drains"])
    monitor, lines = Monitor(dut, replay), [Lines(dut, replay, n) for n in ("weight", "act")]
    dut.start_i.value = 1
    await RisingEdge(dut.clk_i)
    dut.start_i.value = 0
    for cycle in range(replay.about["cycle_limit"]):
        await RisingEdge(dut.clk_i)
        monitor.edge(cycle)
        for line in lines:
            line.edge()
        if part(dut.busy_o, 0, 1) == 0:
            break
    else:
        monitor.seen.wrong.append(f"the Verilog is busy after {cycle + 1} cycles")
    monitor.end()
    monitor.seen.cycles = part(dut.cycles_o, 0, 48)
    monitor.seen.classes = [part(dut.counters_o, 48 * n, 48) for n in range(7)]
    return monitor.seen


async def _post_processing(dut: Any, replay: Replay) -> None:
    told = replay.about["epilogue"]
    dut.raw_i.value = int(told is None)
    if told is None:
        return
    for name, value in told.items():
        getattr(dut, f"{name}_i").value = value & (2 << replay.parameters["VALUE_W"]) - 1
    dut.param_we_i.value = 1
    for number in range(replay.filters):
        dut.param_index_i.value = number
        for name in ("bias", "multiplier", "shift"):
            port = getattr(dut, f"param_{name}_i")
            port.value = int(replay.arrays[name][number]) & (1 << len(port)) - 1
        await RisingEdge(dut.clk_i)
    dut.param_we_i.value = 0


def differences(replay: Replay, seen: Seen) -> Iterator[str]:
    """All that differs: results, ends of work, what is missing or too much, cycles, classes."""
    model = replay.arrays
    kinds = [("result", model["sums"], seen.result), ("overflow", model["overflow"], seen.overflow)]
    kinds += [("output", model["values"], seen.output)] if replay.about["epilogue"] else []
    for place in replay.places():
        where = replay.named(place.tile, place.pe)
        for what, wanted, came in kinds:
            cycle, value = came.get(place.at, (None, None))
            if cycle is not None and value != int(wanted[place.at]):
                line = _line(f"{what} differs in {where}", int(wanted[place.at]), value)
                yield f"{line} (it came in cycle {cycle})"
    for w in range(model["ends"].shape[2]):
        window = replay.about["first_window"] + w % replay.windows
        for pe, cycles in seen.ends.items():
            end = cycles[w] if w < len(cycles) else None
            if end != int(model["ends"][(*pe, w)]):
                where = f"{replay.named(replay.tiles[w // replay.windows], pe)}, window {window}"
                yield _line(f"end of work differs in {where}", int(model["ends"][(*pe, w)]), end)
    yield from seen.wrong
    if seen.cycles != int(model["cycles"]):
        yield _line("cycles differ", int(model["cycles"]), seen.cycles)
    classes = zip(replay.about["classes"], model["classes"].tolist(), seen.classes, strict=True)
    yield from (_line(f"{name} differs", n, m) for name, n, m in classes if n != m)


def _line(what: str, model: int, came: int | None) -> str:
    return f"{what}: model {model}, Verilog {'nothing' if came is None else came}"


def load() -> Replay:
    """The replay beside this file."""
    with np.load(HERE / "replay.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    about = json.loads(str(arrays.pop("about")))
    return Replay(about, about.pop("parameters"), arrays)


@cocotb.test()
async def the_verilog_gives_what_the_model_says(dut: Any) -> None:
    replay = load()
    first = next(differences(replay, await run_pass(dut, replay)), None)
    if first is not None:
        raise AssertionError(f"{replay.about['pass']}: {first}")


def main() -> int:
    """Build, run, say what came of it."""
    from cocotb_tools.runner import get_runner

    from sparsesim.cosim.cocotb_build import build
    from sparsesim.errors import SparseSimError
    from sparsesim.rtl.sources import sources

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sim", choices=("verilator", "icarus"), default="verilator")
    simulator = parser.parse_args().sim
    replay, folder = load(), HERE / f"sim_{simulator}"
    folder.mkdir(exist_ok=True)
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    try:
        hdl = replay.about["hdl"]
        files = sources(TOP, Path(hdl) if hdl else None)
        built = build(simulator, TOP, replay.parameters, files, folder)
        get_runner(simulator).test(
            test_module=Path(__file__).stem, hdl_toplevel=TOP, hdl_toplevel_lang="verilog",
            build_dir=built, test_dir=folder, results_xml=str(results), seed=1, waves=True,
        )  # fmt: skip
    except (OSError, SparseSimError) as error:
        print(error, file=sys.stderr)
        return 2
    except (SystemExit, RuntimeError):  # the results say more
        pass
    failures = list(ElementTree.parse(results).iter("failure")) if results.is_file() else []
    for failure in failures:
        print(failure.get("message"))
    if failures:
        return 1
    if not results.is_file():
        print("the simulation ended without results", file=sys.stderr)
        return 2
    print(
        f"{replay.about['where']}: model and Verilog agree, {int(replay.arrays['cycles'])} cycles"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
