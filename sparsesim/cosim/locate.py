"""Where model and Verilog part: the first tile, PE and window of a pass that differs.

It runs the Verilog again, on the pass and on parts of it, each time from power-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsesim.cosim.alone import first_tile, joined, leading_windows, model_of, tile_of
from sparsesim.cosim.check import Expected
from sparsesim.cosim.operands import PassOperands
from sparsesim.cosim.timeline import Tile, Timeline, model_timeline, tile_order
from sparsesim.machines.inner_join import CLASSES
from sparsesim.rtl.simulator import PassRun, SimulationError, Simulator, Verilog

RESULTS = ("result", "overflow", "output")
"""What may differ of a single result: its sum, its overflow, its value behind post-processing."""

_SUBJECT = "the Verilog "


@dataclass(frozen=True)
class Difference:
    """The first difference of a pass; `str` of it is one line.

    Attributes:
        layer, image, pass_number: which pass.
        what: one of `RESULTS`, `cycles`, a class of `sparsesim.machines.CLASSES`, or what the
            Verilog does instead of ending the pass, such as `hangs`.
        tile: the layer's number of it, along filters and positions. This and the next two are None
            where no part of the pass can be named.
        pe: row and column.
        window: its index within the tile.
        model: what the model says: the result; the cycle in which the named window's work ends;
            where none is named, the pass's cycles or class. -1 where there is no such number.
        verilog: the same of the Verilog.
        note: what else is known, without brackets.
    """

    layer: str
    image: int
    pass_number: int
    what: str
    tile: Tile | None
    pe: tuple[int, int] | None
    window: int | None
    model: int
    verilog: int
    note: str = ""

    def __str__(self) -> str:
        named = (("tile", self.tile), ("PE", self.pe), ("window", self.window))
        where = ", ".join(f"{word} {value}" for word, value in named if value is not None)
        if self.what in (*RESULTS, *CLASSES):
            said = f"{self.what} differs"
        else:
            said = "cycles differ" if self.what == "cycles" else f"{_SUBJECT}{self.what}"
        line = f"{self.layer}, image {self.image}, pass {self.pass_number}: {said}"
        line += f" in {where}" if where else ""
        if (self.model, self.verilog) != (-1, -1):
            line += f": model {self.model}, Verilog {self.verilog}"
        return line + (f" ({self.note})" if self.note else "")


def first_difference(
    operands: PassOperands,
    found: PassRun | str,
    expected: Expected,
    verilog: Verilog,
    earlier: Sequence[PassOperands] = (),
) -> Difference | None:
    """The first place in which a pass differs; None where all is equal.

    Wrong results come before wrong cycles: the first in the order of tiles, in a tile by row, then
    column. Wrong cycles or classes: the first window, then row, then column, whose work ends in
    another cycle.

    Args:
        operands: of the pass.
        found: what the Verilog made of it, or what went wrong in it.
        expected: what it had to be.
        verilog: it is run again.
        earlier: the passes whose sums stayed in the PEs for this one, K having been cut.
    Raises:
        SparseSimError: the Verilog cannot be built.
    """
    if isinstance(found, str):
        return _broken(operands, found.removeprefix(_SUBJECT), verilog)
    if operands.drains:
        difference = _first_result(operands, found, expected, verilog)
        if difference is not None:
            return _with_window(difference, joined((*earlier, operands)), verilog)
    pairs = [("cycles", expected.cycles, found.cycles)]
    pairs += zip(CLASSES, expected.classes, found.classes, strict=True)
    for what, model, came in pairs:
        if model != came:
            return _timing(operands, what, model, came, verilog)
    return None


def cycle_limit(timeline: Timeline) -> int:
    """Cycles after which the Verilog is given up: twice what the model needs to come to rest."""
    return 2 * max(timeline.cycles, int(timeline.ends.max())) + 2_000


def run_alone(operands: PassOperands, verilog: Verilog, timeline: bool = False) -> PassRun:
    """A pass on a machine that has just been switched on.

    Raises:
        SimulationError: it hangs, or gives other results than the pass has.
    """
    return Simulator(verilog).run(
        operands.activations,
        operands.weights,
        cycle_limit(_model_timeline(operands, verilog)),
        operands.drains,
        operands.epilogue,
        timeline,
    )


def _model_timeline(operands: PassOperands, verilog: Verilog) -> Timeline:
    return model_timeline(
        operands.activations, operands.weights, verilog.accelerator, operands.drains
    )


def _nowhere(operands: PassOperands, what: str, model: int = -1, came: int = -1) -> Difference:
    """A difference of which only the pass is known."""
    pass_ = (operands.layer, operands.image, operands.number)
    return Difference(*pass_, what, None, None, None, model, came)


def _first_result(
    operands: PassOperands, found: PassRun, expected: Expected, verilog: Verilog
) -> Difference | None:
    machine = verilog.accelerator
    kinds = [("result", expected.sums, found.sums), ("overflow", expected.overflow, found.overflow)]
    if expected.values is not None and found.values is not None:
        kinds.append(("output", expected.values, found.values))
    wrong = np.logical_or.reduce([model != came for _, model, came in kinds])
    first_m, first_p = first_tile(operands, machine)
    filters, positions = wrong.shape
    for m, p in tile_order(filters, positions, machine) if wrong.any() else ():
        rows = slice(m * machine.rows, (m + 1) * machine.rows)
        places = np.argwhere(wrong[rows, p * machine.cols : (p + 1) * machine.cols])
        if not len(places):
            continue
        i, j = map(int, places[0])
        at = m * machine.rows + i, p * machine.cols + j
        for what, model, came in kinds:
            if model[at] != came[at]:
                difference = _nowhere(operands, what, int(model[at]), int(came[at]))
                return replace(difference, tile=(first_m + m, first_p + p), pe=(i, j))
    return None


def _with_window(difference: Difference, whole: PassOperands, verilog: Verilog) -> Difference:
    """The same difference with the window in which its sum goes wrong."""
    if difference.what == "output":
        return replace(difference, note="its sum agrees: the post-processing is to blame")
    assert difference.tile is not None and difference.pe is not None
    pe = difference.pe
    tile = tile_of(whole, verilog.accelerator, difference.tile)
    tile = replace(tile, drains=True, epilogue=None)
    at = _first_wrong_window(tile, verilog, lambda part: _wrong_sum(part, verilog, pe))
    if at is None:
        return replace(difference, note="the tile alone agrees")
    window, note = at
    return replace(difference, window=tile.first_element + window, note=note)


def _wrong_sum(part: PassOperands, verilog: Verilog, pe: tuple[int, int]) -> str | None:
    """How the sum of a PE differs where a part of a tile runs alone."""
    try:
        found = run_alone(part, verilog)
    except SimulationError as error:
        return f"the windows up to there alone: {error}"
    expected = model_of(part, verilog.accelerator)
    kinds = (("sum", expected.sums, found.sums), ("overflow", expected.overflow, found.overflow))
    for what, model, came in kinds:
        if model[pe] != came[pe]:
            return f"its {what} up to there: model {int(model[pe])}, Verilog {int(came[pe])}"
    return None


def _broken(operands: PassOperands, said: str, verilog: Verilog) -> Difference:
    """Of a pass that does not come to its end: the first tile, and window, of which that is so."""

    def refusal(part: PassOperands) -> str | None:
        try:
            run_alone(part, verilog)
        except SimulationError as error:
            return str(error)
        return None

    what, _, note = said.partition(": ")
    difference = _nowhere(operands, what)
    machine = verilog.accelerator
    first_m, first_p = first_tile(operands, machine)
    for m, p in tile_order(len(operands.weights), len(operands.activations), machine):
        tile = (first_m + m, first_p + p)
        at = _first_wrong_window(tile_of(operands, machine, tile), verilog, refusal)
        if at is not None:
            return replace(difference, tile=tile, window=operands.first_element + at[0])
    alone = "each tile alone comes to its end"
    return replace(difference, note=f"{note}; {alone}" if note else alone)


def _first_wrong_window(
    tile: PassOperands, verilog: Verilog, wrong: Callable[[PassOperands], str | None]
) -> tuple[int, str] | None:
    """A window with which a tile's leading windows go wrong while those before it do not.

    Args:
        tile: a pass of one tile.
        wrong: says how a part goes wrong, or None.
    Returns:
        its index, and what `wrong` said; None where the whole tile is right.
    """
    machine = verilog.accelerator
    said = wrong(tile)
    if said is None:
        return None
    right, bad = 0, -(-tile.weights.shape[1] // machine.window)
    while bad - right > 1:
        middle = (right + bad) // 2
        came = wrong(leading_windows(tile, machine, middle))
        if came is None:
            right = middle
        else:
            bad, said = middle, came
    return bad - 1, said


def _timing(
    operands: PassOperands, what: str, model: int, came: int, verilog: Verilog
) -> Difference:
    """Of a pass whose cycles or classes differ: the first window whose work does."""
    difference = _nowhere(operands, what, model, came)
    expected = _model_timeline(operands, verilog)
    try:
        found = run_alone(operands, verilog, timeline=True)
    except SimulationError as error:
        return replace(difference, note=f"the pass alone: {error}")
    assert found.ends is not None
    if np.array_equal(found.ends, expected.ends):
        return replace(difference, note=_elsewhere(operands, what, model, found))
    # By window, then row, then column.
    w, i, j = map(int, np.argwhere(np.moveaxis(found.ends != expected.ends, 2, 0))[0])
    machine = verilog.accelerator
    tiles = tile_order(len(operands.weights), len(operands.activations), machine)
    windows = -(-operands.weights.shape[1] // machine.window)
    m, p = tiles[w // windows]
    first_m, first_p = first_tile(operands, machine)
    took = "the pass takes" if what == "cycles" else f"the pass's {what}:"
    note = f"where its work ends; {took} {model}, in the Verilog {came}"
    if operands.drains and w >= windows and (w + 1) % windows == 0:
        note += "; its tile's last: it also waits for the drain of the PE's last result"
    return replace(
        difference,
        tile=(first_m + m, first_p + p),
        pe=(i, j),
        window=operands.first_element // machine.window + w % windows,
        model=int(expected.ends[i, j, w]),
        verilog=int(found.ends[i, j, w]),
        note=note,
    )


def _elsewhere(operands: PassOperands, what: str, model: int, found: PassRun) -> str:
    """What is to blame where all work ends in time."""
    alone = found.cycles if what == "cycles" else found.classes[CLASSES.index(what)]
    if alone == model:
        return "the pass alone agrees"
    if what != "cycles":
        blamed = "class counters are"
    else:
        blamed = "drain is" if operands.drains else "count of cycles is"
    return f"every PE ends its windows in time: the {blamed} to blame"
