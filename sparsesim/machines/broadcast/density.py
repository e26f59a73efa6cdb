"""What a model that knows only a layer's mean densities would have said.

It stands beside the exact cycles to show what the real zeros add: zeros independent and equally
likely everywhere, each PE at its expected time for a column, all PEs in balance, no drains.

    cycles of a turn = K * da * mean over PEs of E[max(1, n)] + rows * (1 - da)

n binomial over the PE's filters of the tile; da of the activations, padding counted as zeros.
"""

from __future__ import annotations

from functools import cache

from sparsesim.machines.broadcast.parameters import BroadcastArray
from sparsesim.machines.product_shape import Runs


def expected_cycles(runs: Runs, activation: float, weight: float, array: BroadcastArray) -> float:
    """Expected compute cycles of all turns of a layer.

    Args:
        runs: of the layer.
        activation, weight: densities of the lowered operands, 0 to 1.
        array: its parameters.
    """
    cycles = 0.0
    for shape, times in runs.items():
        rows = -(-shape.reduction // array.pes)
        for filters, tiles in array.filters_of_tiles(shape.filters):
            held, more = divmod(filters, array.pes)
            work = more * expected_work(held + 1, weight)
            work += (array.pes - more) * expected_work(held, weight)
            turn = shape.reduction * activation * work / array.pes + rows * (1 - activation)
            cycles += times * shape.groups * shape.positions * tiles * turn
    return cycles


@cache
def expected_work(filters: int, density: float) -> float:
    """E[max(1, n)], n the entries of a column in a PE that has so many filters.

    >>> expected_work(2, 0.5)  # 1 with probability 3/4, 2 with 1/4
    1.25
    """
    return filters * density + (1 - density) ** filters
