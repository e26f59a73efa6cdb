"""When each PE ends its work on each row of activations of a pass, by docs/machines/broadcast.md.

For finding where the Verilog leaves the model. Cycles and classes of whole layers come from
`counting.py`, a hundred times faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.broadcast.entries import entries_of
from sparsesim.machines.broadcast.parameters import RESULT_LATENCY, BroadcastArray
from sparsesim.machines.timeline import Tile, Timeline


@dataclass(frozen=True, eq=False)
class Turns(Timeline):
    """A pass turn by turn; places are PEs, of which each makes several filters of a tile."""

    def place_of(self, filter_: int, position: int) -> tuple[int, ...]:
        return (filter_ % self.ends.shape[2],)


def timeline(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    array: BroadcastArray,
    drains: bool = True,
) -> Turns:
    """Run the recurrence; see `Machine.timeline`. The ends are by PE.

    Source: docs/machines/broadcast.md, "Cycles of a pass", whose names these are.
    """
    pes, tile = array.pes, array.tile_filters
    columns = [
        entries_of(weights[first : first + tile] != 0, pes, array.entry_run_bits).astype(np.int64)
        for first in range(0, len(weights), tile)
    ]
    tiles: list[Tile] = [(m, p) for p in range(len(activations)) for m in range(len(columns))]
    rows = -(-weights.shape[1] // pes)
    ends = np.full((len(tiles), rows, pes), -1)
    pops: list[int] = []  # of each activation sent, the last cycle in which a PE took it
    drained = [-1, -1]  # of the two turns before the first, which hold up nothing
    end, look, ended = np.full(pes, -1), -1, -1
    for turn, (m, p) in enumerate(tiles):
        least = drained[turn] + 1
        for row, k in looks(activations[p], pes):
            look, least = max(look + 1, least), 0
            if k < 0:
                continue
            if len(pops) >= array.queue_depth - 1:
                look = max(look, pops[-(array.queue_depth - 1)] + 1)
            pop = np.maximum(look, end) + 1
            pops.append(int(pop.max()))
            end = pop + np.maximum(1, columns[m][k]) - 1
            ends[turn, row] = end
        ended = max(ended, look, int(end.max()))
        leaving = array.drain_cycles(min(tile, len(weights) - m * tile))
        drained.append(max(ended + RESULT_LATENCY - 1, drained[-1]) + leaving)
    return Turns(
        cycles=(drained[-1] if drains else ended) + 1,
        tiles=tuple(tiles),
        ends=ends,
        place="PE",
        step="row of activations",
    )


def looks(activations: NDArray[np.integer], pes: int) -> list[tuple[int, int]]:
    """The finder's looks at one position: the row, and the element that is sent; -1: none is."""
    found = []
    for row, first in enumerate(range(0, len(activations), pes)):
        sent = first + np.flatnonzero(activations[first : first + pes])
        found += [(row, int(k)) for k in sent]
        if not len(sent) or sent[-1] != first + pes - 1:
            found.append((row, -1))
    return found
