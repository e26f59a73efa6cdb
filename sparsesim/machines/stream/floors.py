"""Cycles that a layer cannot go below on the array of streams, from its shape alone.

No part of an estimate: bounds that `explain` and the summary set beside the exact cycles.
"""

from __future__ import annotations

from sparsesim.machines.explanation import Floor
from sparsesim.machines.product_shape import Runs
from sparsesim.machines.scheme import OPERANDS
from sparsesim.machines.stream.parameters import StreamArray
from sparsesim.machines.stream.shape import taken

_DRAIN = (
    "results, one a cycle and post-processing unit, set the pace; skipping more gains little there"
)
_LOAD = "loading the operand that is held, one word a cycle, sets the pace"


def floors(runs: Runs, array: StreamArray) -> tuple[Floor, ...]:
    """The floors of a layer, whichever operand is streamed.

    Source: docs/machines/stream.md, "What it cannot go below".
    """
    return (
        Floor("one result a unit", drain_floor(runs, array), "drain", _DRAIN),
        Floor("one word a cycle", load_floor(runs, array), "load", _LOAD),
    )


def drain_floor(runs: Runs, array: StreamArray) -> int:
    """Results, one a cycle and unit."""
    return sum(
        times * shape.groups * -(-shape.filters * shape.positions // array.units)
        for shape, times in runs.items()
    )


def load_floor(runs: Runs, array: StreamArray) -> int:
    """Words, one a cycle, of the operand that has fewer tiles; each at least once."""
    return sum(
        times
        * shape.groups
        * min(taken(shape, streams, array).tiles for streams in OPERANDS)
        * shape.reduction
        for shape, times in runs.items()
    )


def load_cycles(runs: Runs, streams: str, array: StreamArray) -> int:
    """Cycles of the loader where a pass is all of a group, for one that streams this operand."""
    return sum(
        times * shape.groups * taken(shape, streams, array).loads for shape, times in runs.items()
    )
