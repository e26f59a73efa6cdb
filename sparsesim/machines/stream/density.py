"""What a model that knows only a layer's mean densities would have said.

It stands beside the exact cycles to show what the real zeros add. Zeros are independent and equally
likely everywhere, each item takes its expectation, all rows are in perfect balance, and nothing
waits for anything but the slowest of work, loads and results:

    item of a block of q elements = E[max(1, n)] = q d + (1 - d)^q
    tile = max(rounds * sum over blocks of the items, words loaded, results of the busiest unit)

with d the density of the operand that is streamed; under `none` an item takes q.
"""

from __future__ import annotations

from sparsesim.machines.product_shape import Runs
from sparsesim.machines.stream.parameters import StreamArray
from sparsesim.machines.stream.shape import taken


def expected_cycles(runs: Runs, density: float, streams: str, array: StreamArray) -> float:
    """Expected compute cycles of a layer.

    Args:
        runs: of the layer.
        density: of the operand that is streamed, 0 to 1; 1 where every element is an entry.
        streams: that operand.
        array: its parameters.
    """
    cycles = 0.0
    for shape, times in runs.items():
        found = taken(shape, streams, array)
        work = found.rounds * sum(expected_item(block, density) for block in found.blocks)
        results = -(-found.vectors // array.units) * found.held
        of_all = max(found.tiles * work, found.loads, results)
        cycles += times * shape.groups * of_all
    return cycles


def expected_item(length: int, density: float) -> float:
    """E[max(1, n)] of a block, n binomial.

    >>> expected_item(2, 0.5)  # 1 with probability 3/4, 2 with 1/4
    1.25
    """
    return length * density + (1 - density) ** length
