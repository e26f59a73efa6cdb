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


def density_cycles(tiles: int, reduction: int, window: int, lanes: int, density: float) -> float:
    """Expected compute cycles of so many tiles.

    Args:
        tiles: output tiles of the layer.
        reduction: K.
        window: operand pairs examined together.
        lanes: multipliers of a PE.
        density: probability that a pair costs a multiplication, 0 to 1.
    """
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
