"""Cycles and classes of passes on the systolic array, by docs/machines/systolic.md.

The recurrence over tiles runs in `kernels.py`. Here stands what it is run on: how many rows a
pass's K takes, which hangs on its weights where n of every m are held, and how cycles of PEs become
classes of slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.counted import Counted
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.systolic.columns import (
    CYCLES,
    EDGES,
    EFFECTUAL,
    INEFFECTUAL,
    PRELOAD,
    STEPS,
    WAITS,
)
from sparsesim.machines.systolic.parameters import SystolicArray
from sparsesim.machines.systolic.structure import Structure, held_elements

Ints = NDArray[np.int64]


def count(
    groups: int,
    weights: Structure,
    passes: Passes,
    pairs: Pairs,
    scheme: Scheme,
    array: SystolicArray,
) -> Counted:
    """Cycles of passes and where they went.

    Args:
        groups: of activations.
        weights: of `structure_of`, for the same array.
        passes: filters m0 a multiple of columns, m1 too or all filters, positions likewise with a
            tile's, elements with a step of K. A pass that does not drain is one tile.
        pairs: `count_pairs` of the same passes.
        scheme: whatever the accelerator's own is.
        array: its parameters.
    """
    from sparsesim.machines.systolic.kernels import count_passes

    filters, positions, elements = passes.filters, passes.positions, passes.elements
    of_sets = passes.over_steps(groups // weights.sets, 0)
    held = held_elements(weights, of_sets, scheme, array)
    found = np.empty((len(passes), 5), dtype=np.int64)
    shapes = np.stack([filters, positions, held, passes.drains], axis=1)
    count_passes(shapes, numbers(array), found)
    multiplied = filters * positions * held
    slots = np.empty((len(passes), 6), dtype=np.int64)
    slots[:, EFFECTUAL] = pairs.effectual
    slots[:, INEFFECTUAL] = multiplied - pairs.effectual
    slots[:, EDGES] = found[:, STEPS] * array.pes - multiplied
    slots[:, WAITS:] = found[:, PRELOAD:] * array.pes
    filter_tiles = -(-filters // array.cols)
    position_tiles = -(-positions // array.tile_positions)
    return Counted(
        cycles=found[:, CYCLES],
        slots=slots,
        multiplied=multiplied,
        # All activations stream past each tile's filters; each strip of positions loads all
        # weights anew, and past sums that stay they stream likewise.
        read_activations=filter_tiles * positions * elements,
        read_weights=position_tiles * filters * held,
        paces={
            "drain": passes.drains * positions * results_a_position(filters, array),
            "preload": position_tiles * filter_tiles * weight_cycles(held, array),
        },
    )


def numbers(array: SystolicArray) -> Ints:
    """What kernels know of an array, in the order of `columns`."""
    return np.array(
        [
            array.cols,
            array.units,
            array.rows,
            array.tile_positions,
            array.keeps_weights,
            array.overlaps,
            array.least_interval,
            array.skew,
            array.write_latency(0),
            array.drain_latency(0),
        ],
        dtype=np.int64,
    )


def results_a_position(filters: Ints, array: SystolicArray) -> Ints:
    """Results of the busiest unit for a position, over all tiles of these filters."""
    whole, rest = np.divmod(filters, array.cols)
    return whole * -(-array.cols // array.units) + -(-rest // array.units)


def weight_cycles(held: Ints, array: SystolicArray) -> Ints:
    """Cycles in which a tile's weights are shifted in, were all else free.

    Args:
        held: elements of K that take a row each.
        array: its parameters.
    """
    return -(-held // array.rows) * array.rows * array.keeps_weights
