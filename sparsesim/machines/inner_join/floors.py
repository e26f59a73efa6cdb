"""Cycles that a layer cannot go below on the inner-join array, from its shape alone.

No part of an estimate: bounds that `explain` and the summary set beside the exact cycles.
"""

from __future__ import annotations

from sparsesim.machines.explanation import Floor
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.product_shape import Runs

_PACE = (
    "the drain of results, one a cycle and column, sets the pace; skipping more gains little there"
)


def floors(runs: Runs, array: InnerJoinArray) -> tuple[Floor, ...]:
    """The floors of a layer: its busiest column drains; each PE takes a cycle a window or more.

    Source: docs/machines/inner_join.md, "Cycles of a pass".
    """
    return (
        Floor("one result a column", drain_floor(runs, array.cols), "drain", _PACE),
        Floor("one cycle a window", window_floor(runs, array)),
    )


def drain_floor(runs: Runs, cols: int) -> int:
    """Results of the busiest column, one a cycle, over all runs.

    Args:
        runs: of the layer.
        cols: columns of the array.
    """
    return sum(
        times * shape.groups * shape.filters * -(-shape.positions // cols)
        for shape, times in runs.items()
    )


def window_floor(runs: Runs, array: InnerJoinArray) -> int:
    """A cycle for each window of each tile, over all runs."""
    return sum(
        times
        * shape.groups
        * -(-shape.filters // array.rows)
        * -(-shape.positions // array.cols)
        * -(-shape.reduction // array.window)
        for shape, times in runs.items()
    )


def occupancy(filters: int, positions: int, rows: int, cols: int) -> float:
    """Share of the PEs of an array that have a filter and a position of a layer, over its tiles.

    Args:
        filters, positions: of the layer; positions of all runs that lie side by side.
        rows, cols: of the array.
    """
    return _filled(filters, rows) * _filled(positions, cols)


def _filled(items: int, width: int) -> float:
    return items / (-(-items // width) * width) if items else 0.0
