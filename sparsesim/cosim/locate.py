"""Where model and Verilog part: the first tile, place and step of K of a pass that differs.

It runs the Verilog again, on the pass and on parts of it, each time from power-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsesim.cosim.alone import (
    first_tile,
    joined,
    leading_steps,
    model_of,
    tile_of,
    tiling_of,
    timeline_of,
)
from sparsesim.cosim.check import Expected
from sparsesim.cosim.operands import PassOperands
from sparsesim.machines.timeline import Tile, Timeline
from sparsesim.rtl.simulator import PassRun, SimulationError, Simulator, Verilog

RESULTS = ("result", "overflow", "output")
"""What may differ of a single result: its sum, its overflow, its value behind post-processing."""

_SUBJECT = "the Verilog "


@dataclass(frozen=True)
class Difference:
    """The first difference of a pass; `str` of it is one line.

    Attributes:
        layer, image, pass_number: which pass.
        what: one of `RESULTS`, `cycles`, the key of a class; with `is_broken`, what the Verilog
            does instead of ending the pass, such as `hangs`.
        is_broken: the pass does not come to its end.
        tile: the layer's number of it, along filters and positions. This and the next two are None
            where no part of the pass can be named.
        place: of the machine, by its number or numbers.
        step: of K: its index within the tile.
        words: what the machine calls a place and a step.
        model: what the model says: the result; the cycle in which the named step's work ends;
            where none is named, the pass's cycles or class. -1 where there is no such number.
        verilog: the same of the Verilog.
        note: what else is known, without brackets.
    """

    layer: str
    image: int
    pass_number: int
    what: str
    is_broken: bool = False
    tile: Tile | None = None
    place: tuple[int, ...] | None = None
    step: int | None = None
    words: tuple[str, str] = ("place", "step")
    model: int = -1
    verilog: int = -1
    note: str = ""

    def __str__(self) -> str:
        place = self.place[0] if self.place is not None and len(self.place) == 1 else self.place
        named = (("tile", self.tile), (self.words[0], place), (self.words[1], self.step))
        where = ", ".join(f"{word} {value}" for word, value in named if value is not None)
        if self.is_broken:
            said = f"{_SUBJECT}{self.what}"
        else:
            said = "cycles differ" if self.what == "cycles" else f"{self.what} differs"
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

    Wrong results come before wrong cycles: the first in the order of tiles, in a tile by filter,
    then position. Wrong cycles or classes: the first step, then place, whose work ends in another
    cycle.

    Args:
        operands: of the pass.
        found: what the Verilog made of it, or what went wrong in it.
        expected: what it had to be.
        verilog: it is run again.
        earlier: the passes whose sums stayed in the machine for this one, K having been cut.
    Raises:
        SparseSimError: the Verilog cannot be built.
    """
    search = _Search(operands, verilog)
    if isinstance(found, str):
        return _broken(search, found.removeprefix(_SUBJECT))
    if operands.drains:
        difference = _first_result(search, found, expected, joined((*earlier, operands)))
        if difference is not None:
            return difference
    pairs = [("cycles", expected.cycles, found.cycles)]
    keys = [one.key for one in verilog.accelerator.rules.classes]
    pairs += zip(keys, expected.classes, found.classes, strict=True)
    for what, model, came in pairs:
        if model != came:
            return _timing(search, what, model, came)
    return None


def cycle_limit(timeline: Timeline) -> int:
    """Cycles after which the Verilog is given up: twice what the model needs to come to rest."""
    return 2 * timeline.rest + 2_000


def run_alone(operands: PassOperands, verilog: Verilog, ends: bool = False) -> PassRun:
    """A pass on a machine that has just been switched on; with `ends`, it notes when work ended.

    Raises:
        SimulationError: it hangs, or gives other results than the pass has.
    """
    timeline = timeline_of(operands, verilog.accelerator)
    return Simulator(verilog).run(
        operands.activations,
        operands.weights,
        cycle_limit(timeline),
        operands.drains,
        operands.epilogue,
        timeline.ends.shape if ends else None,
    )


class _Search:
    """A pass that differs, and its machine's words and order of tiles."""

    def __init__(self, operands: PassOperands, verilog: Verilog) -> None:
        self.operands, self.verilog = operands, verilog
        self.accelerator, self.tiling = verilog.accelerator, tiling_of(verilog.accelerator)
        # A single step of K has them: a whole pass may take seconds.
        self.outline = timeline_of(leading_steps(operands, self.tiling, 1), self.accelerator)

    def nowhere(self, what: str, model: int = -1, came: int = -1) -> Difference:
        """A difference of which only the pass is known."""
        operands = self.operands
        return Difference(
            *(operands.layer, operands.image, operands.number, what),
            words=(self.outline.place, self.outline.step),
            model=model,
            verilog=came,
        )

    def tile(self, number: Tile) -> Tile:
        """The layer's number of a tile, of the pass's."""
        m, p = first_tile(self.operands, self.tiling)
        return m + number[0], p + number[1]

    def step(self, operands: PassOperands, number: int) -> int:
        """A step's index within the layer's tile, of that within a pass."""
        return operands.first_element // self.tiling.elements + number


def _first_result(
    search: _Search, found: PassRun, expected: Expected, whole: PassOperands
) -> Difference | None:
    """The first wrong result, and the step with which its sum goes wrong.

    Args:
        whole: the pass with those before it whose sums stayed for it.
    """
    kinds = [("result", expected.sums, found.sums), ("overflow", expected.overflow, found.overflow)]
    if expected.values is not None and found.values is not None:
        kinds.append(("output", expected.values, found.values))
    wrong = np.logical_or.reduce([model != came for _, model, came in kinds])
    of_m, of_p = search.tiling.filters, search.tiling.positions
    for m, p in search.outline.tiles if wrong.any() else ():
        places = np.argwhere(wrong[m * of_m : (m + 1) * of_m, p * of_p : (p + 1) * of_p])
        if not len(places):
            continue
        i, j = map(int, places[0])
        at = m * of_m + i, p * of_p + j
        what, model, came = next(kind for kind in kinds if kind[1][at] != kind[2][at])
        difference = replace(
            search.nowhere(what, int(model[at]), int(came[at])),
            tile=search.tile((m, p)),
            place=search.outline.place_of(i, j),
        )
        return _with_step(difference, (i, j), whole, search)
    return None


def _with_step(
    difference: Difference, within: tuple[int, int], whole: PassOperands, search: _Search
) -> Difference:
    """The same difference with the step in which its sum goes wrong.

    Args:
        within: the filter and the position of its result within the tile.
    """
    if difference.what == "output":
        return replace(difference, note="its sum agrees: the post-processing is to blame")
    assert difference.tile is not None
    tile = tile_of(whole, search.tiling, difference.tile)
    tile = replace(tile, drains=True, epilogue=None)
    at = _first_wrong_step(tile, search, lambda part: _wrong_sum(part, search, within))
    if at is None:
        return replace(difference, note="the tile alone agrees")
    step, note = at
    return replace(difference, step=search.step(tile, step), note=note)


def _wrong_sum(part: PassOperands, search: _Search, within: tuple[int, int]) -> str | None:
    """How a sum differs where a part of a tile runs alone."""
    try:
        found = run_alone(part, search.verilog)
    except SimulationError as error:
        return f"the {search.outline.step}s up to there alone: {error}"
    expected = model_of(part, search.accelerator)
    kinds = (("sum", expected.sums, found.sums), ("overflow", expected.overflow, found.overflow))
    for what, model, came in kinds:
        if model[within] != came[within]:
            return (
                f"its {what} up to there: model {int(model[within])}, Verilog {int(came[within])}"
            )
    return None


def _broken(search: _Search, said: str) -> Difference:
    """Of a pass that does not come to its end: the first tile, and step, of which that is so."""

    def refusal(part: PassOperands) -> str | None:
        try:
            run_alone(part, search.verilog)
        except SimulationError as error:
            return str(error)
        return None

    what, _, note = said.partition(": ")
    difference = replace(search.nowhere(what), is_broken=True)
    operands = search.operands
    for number in search.outline.tiles:
        tile = search.tile(number)
        at = _first_wrong_step(tile_of(operands, search.tiling, tile), search, refusal)
        if at is not None:
            return replace(difference, tile=tile, step=search.step(operands, at[0]))
    alone = "each tile alone comes to its end"
    return replace(difference, note=f"{note}; {alone}" if note else alone)


def _first_wrong_step(
    tile: PassOperands, search: _Search, wrong: Callable[[PassOperands], str | None]
) -> tuple[int, str] | None:
    """A step with which a tile's leading steps go wrong while those before it do not.

    Args:
        tile: a pass of one tile.
        wrong: says how a part goes wrong, or None.
    Returns:
        its index, and what `wrong` said; None where the whole tile is right.
    """
    said = wrong(tile)
    if said is None:
        return None
    right, bad = 0, -(-tile.weights.shape[1] // search.tiling.elements)
    while bad - right > 1:
        middle = (right + bad) // 2
        came = wrong(leading_steps(tile, search.tiling, middle))
        if came is None:
            right = middle
        else:
            bad, said = middle, came
    return bad - 1, said


def _timing(search: _Search, what: str, model: int, came: int) -> Difference:
    """Of a pass whose cycles or classes differ: the first step whose work does."""
    operands, difference = search.operands, search.nowhere(what, model, came)
    expected = timeline_of(operands, search.accelerator)
    try:
        found = run_alone(operands, search.verilog, ends=True)
    except SimulationError as error:
        return replace(difference, note=f"the pass alone: {error}")
    assert found.ends is not None
    differs = np.argwhere(found.ends != expected.ends)
    if not len(differs):
        return replace(difference, note=_elsewhere(search, expected, difference, found))
    at = tuple(map(int, differs[0]))
    tile, step, *place = at
    took = "the pass takes" if what == "cycles" else f"the pass's {what}:"
    note = f"where its work ends; {took} {model}, in the Verilog {came}"
    is_last = step == expected.ends.shape[1] - 1
    if operands.drains and tile > 0 and is_last and expected.last_waits_for:
        note += f"; its tile's last: it also waits for {expected.last_waits_for}"
    return replace(
        difference,
        tile=search.tile(expected.tiles[tile]),
        place=tuple(place),
        step=search.step(operands, step),
        model=int(expected.ends[at]),
        verilog=int(found.ends[at]),
        note=note,
    )


def _elsewhere(search: _Search, expected: Timeline, difference: Difference, found: PassRun) -> str:
    """What is to blame where all work ends in time."""
    what, keys = difference.what, [one.key for one in search.accelerator.rules.classes]
    alone = found.cycles if what == "cycles" else found.classes[keys.index(what)]
    if alone == difference.model:
        return "the pass alone agrees"
    if what != "cycles":
        blamed = "class counters are"
    else:
        blamed = "drain is" if search.operands.drains else "count of cycles is"
    in_time = f"every {expected.place} ends its {expected.step}s in time"
    return f"{in_time}: the {blamed} to blame"
