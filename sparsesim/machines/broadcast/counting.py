"""Cycles and classes of passes on the broadcast array, by docs/machines/broadcast.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.broadcast.columns import (
    CYCLES,
    ENTRIES,
    FILL_DRAIN,
    LOOKS,
    NO_ENTRY,
)
from sparsesim.machines.broadcast.entries import count_entries
from sparsesim.machines.broadcast.parameters import RESULT_LATENCY, BroadcastArray
from sparsesim.machines.counted import Counted
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes


@dataclass(frozen=True, eq=False)
class Entries:
    """The weights of a layer as the PEs store them.

    Attributes:
        counts: uint16, shape (groups, tiles, K, pes): entries of a column.
    """

    counts: NDArray[np.uint16]


def prepare(
    role: str, words: NDArray[np.uint64], reduction: int, array: BroadcastArray
) -> NDArray[np.uint64] | Entries:
    """Activations as they are; weights as the PEs store them."""
    if role == "activation":
        return np.ascontiguousarray(words)
    words = np.ascontiguousarray(words)
    tile = array.tile_filters
    return Entries(count_entries(words, reduction, array.pes, tile, array.entry_run_bits))


def count(
    activations: NDArray[np.uint64],
    weights: Entries,
    passes: Passes,
    pairs: Pairs,
    array: BroadcastArray,
) -> Counted:
    """Cycles of passes and where they went; releases the GIL, so threads can share the work.

    Args:
        activations, weights: of `prepare`.
        passes: filters m0 a multiple of a tile's, m1 too or all filters; elements k0 of `pes`. A
            pass that does not drain is one tile at one position.
        pairs: `count_pairs` of the same passes.
        array: its parameters.
    """
    from sparsesim.machines.broadcast.kernels import count_passes

    groups, positions = activations.shape[:2]
    sets = len(weights.counts)
    table = passes.over_steps(groups // sets, positions).table
    sizes = (array.pes, array.queue_depth, array.tile_filters, array.units, RESULT_LATENCY)
    out = np.empty((len(passes), 9), dtype=np.int64)
    count_passes(
        activations.reshape(sets, groups // sets * positions, -1),
        weights.counts,
        table,
        np.array(sizes, dtype=np.int64),
        np.empty(array.pes, dtype=np.int64),
        np.empty(array.queue_depth, dtype=np.int64),
        out,
    )
    slots = np.empty((len(out), 8), dtype=np.int64)
    slots[:, 0] = pairs.effectual
    slots[:, 1] = out[:, ENTRIES] - pairs.effectual
    slots[:, 2:] = out[:, NO_ENTRY : FILL_DRAIN + 1]
    tiles = -(-passes.filters // array.tile_filters)
    return Counted(
        cycles=out[:, CYCLES].copy(),
        slots=slots,
        multiplied=pairs.effectual,
        read_activations=tiles * passes.positions * passes.elements,
        read_weights=out[:, ENTRIES].copy(),
        paces={"broadcast": out[:, LOOKS].copy(), "drain": _drain_cycles(passes, array)},
    )


def _drain_cycles(passes: Passes, array: BroadcastArray) -> NDArray[np.int64]:
    """Cycles in which sums of each pass leave."""
    of_a_position = [
        sum(times * array.drain_cycles(size) for size, times in array.filters_of_tiles(filters))
        for filters in passes.filters.tolist()
    ]
    return np.array(of_a_position, dtype=np.int64) * passes.positions * passes.drains
