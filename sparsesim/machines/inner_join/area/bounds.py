"""Cycles that dense work takes at least, for thousands of arrays at once: what orders the search.

Each bound is one of docs/model.md's schedule with terms left out, so that no exact count is below
it. Where a pass has all positions of a group, how many filters it has is known, and with that what
no transfer can hide: the loads of the first pass, the work of the last, the stores behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.work import DenseWork
from sparsesim.machines.inner_join.parameters import array_of
from sparsesim.memory import Buffers
from sparsesim.spec import Accelerator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def least_cycles(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    rows: Ints,
    cols: Ints,
    bits_per_cycle: float,
) -> Floats:
    """Cycles that all runs take at least on arrays of these sizes.

    Args:
        work: of `dense_work`.
        accelerator: dense, of any size; gives the PEs and the buffers.
        rows, cols: int64, of equal shape.
        bits_per_cycle: of DRAM.
    Returns:
        float64, of that shape.
    """
    total = np.zeros(rows.shape)
    for item in work:
        each = _least_of_a_group(item, accelerator, rows, cols, bits_per_cycle)
        total += item.times * item.geometry.groups * each
    return total


def _least_of_a_group(
    item: DenseWork, accelerator: Accelerator, rows: Ints, cols: Ints, bits_per_cycle: float
) -> Floats:
    """A group's passes: its work, its drains, or the moves of all its bits, each once."""
    shape, bits = item.geometry, item.value_bits
    filters, positions = shape.filters, shape.positions
    array = array_of(accelerator)
    whole, rest = divmod(shape.reduction, array.window)
    element_cycles = whole * -(-array.window // array.lanes) + -(-rest // array.lanes)
    position_tiles = -(-positions // cols)
    fill = array.feed_latency + array.pe_latency  # before work, and until it drains

    def compute(count: Ints | int, passes: Ints | int) -> Floats:
        """Cycles of so many filters at all positions: until the last is drained.

        All tiles' work and the drain of the last one, or the first one's work and all drains.
        """
        multiplied = position_tiles * -(-count // rows) * element_cycles + (count - 1) % rows
        drained = position_tiles * count + passes * (element_cycles - 1)
        return passes * fill + np.maximum(multiplied, drained)

    a_filter = shape.reduction * bits.weight
    activations = item.met_elements * bits.activation
    outputs = filters * positions * bits.output
    weights = shape.weight_elements / shape.groups * bits.weight  # steps may share one load
    moved = (weights + activations + outputs) / bits_per_cycle
    least = np.maximum(compute(filters, 1), moved)

    block = _filters_of_a_pass(item, accelerator, rows)
    if not block.any():
        return least
    known, block = block > 0, np.maximum(block, 1)
    passes = -(-filters // block)
    last = filters - (passes - 1) * block
    behind = last * positions * bits.output
    first_load = (block * a_filter + activations + behind) / bits_per_cycle
    loads = (filters * a_filter + activations + behind) / bits_per_cycle
    exposed = np.maximum(first_load + compute(filters, passes), loads + compute(last, 1))
    return np.where(known, np.maximum(least, exposed), least)


def _filters_of_a_pass(item: DenseWork, accelerator: Accelerator, rows: Ints) -> Ints:
    """Filters of a pass of all positions; 0 where positions, outputs or K may be cut.

    And of recurrent products, whose weights may stay.
    """
    shape, bits = item.geometry, item.value_bits
    if shape.steps > 1:
        return np.zeros_like(rows)
    buffers = Buffers.of(accelerator)
    if prod(shape.input_shape) * shape.channels * bits.activation > buffers.activation:
        return np.zeros_like(rows)
    fitting = buffers.weight // (shape.reduction * bits.weight)
    block = fitting // rows * rows
    if fitting >= shape.filters:
        block = np.full_like(rows, shape.filters)
    return np.where(block * shape.positions * bits.output <= buffers.output, block, 0)
