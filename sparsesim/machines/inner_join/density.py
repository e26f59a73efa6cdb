"""What a model that knows only a layer's mean densities would have said.

It stands beside the exact cycles to show what the real zeros add. It is the strongest statement
that densities allow: zeros independent and equally likely everywhere, each PE's service time at
its expectation, all PEs in perfect balance, no queues, no drains.

    cycles = sum over tiles and windows of E[max(1, ceil(q / lanes))], q ~ Binomial(length, d)

with d the density of the activations (padding counted as zeros), of the weights, or the product
of both; under `none` q is the window's length.
"""

from __future__ import annotations

from functools import cache
from math import comb

from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.product_shape import Runs


def expected_cycles(runs: Runs, density: float, array: InnerJoinArray) -> float:
    """Expected compute cycles of all tiles of a layer.

    Args:
        runs: of the layer, all of one reduction.
        density: probability that a pair costs a multiplication, 0 to 1.
        array: its parameters.
    """
    tiles, reduction = 0, 0
    for shape, times in runs.items():
        of_a_group = -(-shape.filters // array.rows) * -(-shape.positions // array.cols)
        tiles += times * shape.groups * of_a_group
        reduction = shape.reduction
    window, lanes = array.window, array.lanes
    whole, rest = divmod(reduction, window)
    cycles = whole * expected_service(window, lanes, density)
    if rest:
        cycles += expected_service(rest, lanes, density)
    return tiles * cycles


@cache
def expected_service(length: int, lanes: int, density: float) -> float:
    """E[max(1, ceil(q / lanes))] of a window, q binomial.

    >>> expected_service(2, 1, 0.5)  # 1 with probability 3/4, 2 with 1/4
    1.25
    """
    return sum(
        comb(length, q) * density**q * (1 - density) ** (length - q) * max(1, -(-q // lanes))
        for q in range(length + 1)
    )
