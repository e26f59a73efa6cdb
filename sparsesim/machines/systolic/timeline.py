"""When each column, or PE, ends its work on each fold of a pass, by docs/machines/systolic.md.

For finding where the Verilog leaves the model. Cycles and classes of whole layers come from
`counting.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.systolic.parameters import SystolicArray
from sparsesim.machines.systolic.structure import held_elements, structure_of
from sparsesim.machines.timeline import Timeline


def timeline(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    scheme: Scheme,
    array: SystolicArray,
    drains: bool = True,
) -> Timeline:
    """Run the recurrence; see `Machine.timeline`.

    Where weights stay the places are columns, which end with their last row; where sums stay they
    are PEs, by column and row, and a tile is one fold.

    Source: docs/machines/systolic.md, "Cycles of a pass", whose names these are.
    """
    one = Passes.one(len(weights), *activations.shape)
    structure = structure_of(pack_lines(weights != 0)[None], weights.shape[1], array)
    held = int(held_elements(structure, one, scheme, array)[0])
    folds = -(-held // array.rows) if array.keeps_weights else 1
    strips = range(0, len(activations), array.tile_positions)
    blocks = range(0, len(weights), array.cols)
    tiles = [(m, p) for p in strips for m in blocks]
    starts = np.empty((len(tiles), folds), dtype=np.int64)
    start, steps = array.rows * array.keeps_weights, 0
    ended, positions, turns = 0, 0, 0  # of the tile before: its drain, and what left
    for number, (m, p) in enumerate(tiles):
        own = min(array.tile_positions, len(activations) - p)
        for fold in range(folds):
            if number or fold:
                start += _interval(steps, array)
            steps = own if array.keeps_weights else held
            if drains and fold == folds - 1:
                if number:
                    overtakes = positions + turns - 1 + array.write_latency(steps)
                    start = max(start, ended - overtakes)
                positions, turns = own, -(-min(array.cols, len(weights) - m) // array.units)
                ended = max(ended, start + array.drain_latency(steps)) + positions * turns
            starts[number, fold] = start
    last = starts + array.rows - 1  # of column 0's last row, but for the fold's steps
    columns = np.arange(array.cols)
    in_order = tuple((m // array.cols, p // array.tile_positions) for m, p in tiles)
    if array.keeps_weights:
        left = [min(array.depth, len(activations) - p) - 1 for _, p in tiles]
        ends = (last + np.array(left)[:, None])[..., None] + columns
        place = "column"
    else:
        behind = columns[:, None] + np.arange(array.rows)
        ends = starts[..., None, None] + held - 1 + behind
        place = "PE"
    cycles = max(ended, start + steps + array.skew)
    return Timeline(cycles, in_order, ends, place, "fold", "the results of the tile before")


def _interval(steps: int, array: SystolicArray) -> int:
    """Cycles from a fold's start to the next one's, where no result holds it back."""
    if array.overlaps:
        return max(steps, array.least_interval)
    weights = array.rows if array.keeps_weights else 0
    return max(steps + array.skew + weights, array.least_interval)
