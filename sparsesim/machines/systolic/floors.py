"""Cycles that a layer cannot go below on the systolic array, from its shape alone.

No part of an estimate: bounds that `explain` and the summary set beside the exact cycles, and what
mean densities would have said.
"""

from __future__ import annotations

import numpy as np

from sparsesim.machines.explanation import Floor
from sparsesim.machines.product_shape import Densities, ProductShape, Runs
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.systolic.parameters import SystolicArray

_DRAIN = "results, one a unit and cycle, set the pace; more units would take more of them"
_PRELOAD = (
    "weights, which come in as many cycles a fold as there are rows, set the pace: each serves too "
    "few positions"
)


def floors(runs: Runs, array: SystolicArray) -> tuple[Floor, ...]:
    """The floors of a layer: its folds take their steps, their weights come, its results leave.

    Source: docs/machines/systolic.md, "What it cannot go below".
    """
    found = [Floor("one cycle a step", _sum(runs, array, step_floor))]
    if array.keeps_weights:
        cycles = _sum(runs, array, weight_floor)
        found.append(Floor("one row of weights a cycle", cycles, "preload", _PRELOAD))
    cycles = _sum(runs, array, drain_floor)
    return (*found, Floor("one result a unit and cycle", cycles, "drain", _DRAIN))


def expected_cycles(
    runs: Runs, densities: Densities, scheme: Scheme, array: SystolicArray
) -> float:
    """The largest floor: how many non-zeros there are says nothing of where they are, so weights
    are taken to be n of every m where no more than that share is non-zero."""
    n, m = array.kept_of_block
    is_held = not scheme.is_dense and densities.weight <= n / m
    return float(
        max(
            _sum(runs, array, step_floor, is_held),
            _sum(runs, array, weight_floor, is_held) if array.keeps_weights else 0,
            _sum(runs, array, drain_floor),
        )
    )


def step_floor(shape: ProductShape, array: SystolicArray, is_held: bool = True) -> int:
    """Steps of all folds of a group.

    Args:
        shape: of the layer's product.
        array: its parameters.
        is_held: whether n of every m weights take a row.
    """
    tiles = -(-shape.filters // array.cols)
    if array.keeps_weights:
        return tiles * shape.positions * _folds(shape, array, is_held)
    return tiles * -(-shape.positions // array.rows) * shape.reduction


def weight_floor(shape: ProductShape, array: SystolicArray, is_held: bool = True) -> int:
    """Cycles in which the weights of all folds of a group come in."""
    tiles = -(-shape.filters // array.cols) * -(-shape.positions // array.depth)
    return tiles * _folds(shape, array, is_held) * array.rows


def drain_floor(shape: ProductShape, array: SystolicArray) -> int:
    """Results of a group that the busiest unit takes."""
    from sparsesim.machines.systolic.counting import results_a_position

    filters = np.array([shape.filters])
    return shape.positions * int(results_a_position(filters, array)[0])


def occupancy(filters: int, held: int, rows: int, cols: int) -> float:
    """Share of the PEs that hold a weight, over all folds.

    Args:
        filters: of the layer. held: elements of K, or positions, that take a row each.
        rows, cols: of the array.
    """
    return _filled(filters, cols) * _filled(held, rows)


def _folds(shape: ProductShape, array: SystolicArray, is_held: bool) -> int:
    from sparsesim.machines.systolic.structure import kept

    held = int(kept(shape.reduction, array)) if is_held else shape.reduction
    return -(-held // array.rows)


def _sum(runs, array, floor, *is_held):  # type: ignore[no-untyped-def]
    return sum(
        times * shape.groups * floor(shape, array, *is_held) for shape, times in runs.items()
    )


def _filled(items: int, width: int) -> float:
    return items / (-(-items // width) * width) if items else 0.0
