"""Cycles that a layer cannot go below on the broadcast array, from its shape alone."""

from __future__ import annotations

from sparsesim.machines.broadcast.parameters import BroadcastArray
from sparsesim.machines.explanation import Floor
from sparsesim.machines.product_shape import Runs

_PACE = (
    "the drain of results, one a cycle and unit, sets the pace; skipping more gains little there"
)


def floors(runs: Runs, array: BroadcastArray) -> tuple[Floor, ...]:
    """The floors of a layer: a look a row of activations, its results through its units.

    Source: docs/machines/broadcast.md, "What it cannot go below".
    """
    return (
        Floor("one look a row", look_floor(runs, array)),
        Floor("one result a unit", drain_floor(runs, array), "drain", _PACE),
    )


def look_floor(runs: Runs, array: BroadcastArray) -> int:
    """A look for each row of activations of each turn, over all runs."""
    return sum(
        times * shape.groups * shape.positions * tiles * -(-shape.reduction // array.pes)
        for shape, times in runs.items()
        for _, tiles in array.filters_of_tiles(shape.filters)
    )


def drain_floor(runs: Runs, array: BroadcastArray) -> int:
    """Results of unit 0, one a cycle, over all runs."""
    return sum(
        times * shape.groups * shape.positions * tiles * array.drain_cycles(filters)
        for shape, times in runs.items()
        for filters, tiles in array.filters_of_tiles(shape.filters)
    )
