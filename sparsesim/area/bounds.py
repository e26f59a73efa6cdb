"""Cycles that dense work takes at least, for thousands of arrays at once: what orders the search.

What all machines share of it: bits that move, and what no transfer can hide. Each bound is one of
docs/model.md's schedule with terms left out, so that no exact count is below it. Where a pass has
all positions of a group, how many filters it has is known, and with that the loads of the first
pass, the work of the last, the stores behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.work import DenseWork
from sparsesim.memory import Buffers
from sparsesim.spec import Accelerator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Compute = Callable[[DenseWork, Ints, Ints], NDArray[np.int64] | Floats]
"""Least compute cycles of so many filters of a group at all its positions, in so many passes."""


def least_cycles(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    filter_step: Ints,
    bits_per_cycle: float,
    compute: Compute,
) -> Floats:
    """Cycles that all runs take at least on arrays of a machine.

    Args:
        work: of `dense_work`.
        accelerator: dense; gives the buffers.
        filter_step: of each array's tiling, int64.
        bits_per_cycle: of DRAM.
        compute: gives for each of the arrays what its machine takes at least.
    Returns:
        float64, of the shape of the steps.
    """
    total = np.zeros(filter_step.shape)
    for item in work:
        each = _least_of_a_group(item, accelerator, filter_step, bits_per_cycle, compute)
        total += item.times * item.geometry.groups * each
    return total


def _least_of_a_group(
    item: DenseWork,
    accelerator: Accelerator,
    filter_step: Ints,
    bits_per_cycle: float,
    compute: Compute,
) -> Floats:
    """A group's passes: its compute, or the moves of all its bits, each once."""
    shape, bits = item.geometry, item.value_bits
    filters, positions = shape.filters, shape.positions
    one, every = np.ones_like(filter_step), np.full_like(filter_step, filters)
    a_filter = shape.reduction * bits.weight
    activations = item.met_elements * bits.activation
    outputs = filters * positions * bits.output
    weights = shape.weight_elements / shape.groups * bits.weight  # steps may share one load
    moved = (weights + activations + outputs) / bits_per_cycle
    least = np.maximum(compute(item, every, one), moved)

    block = _filters_of_a_pass(item, accelerator, filter_step)
    if not block.any():
        return least
    known, block = block > 0, np.maximum(block, 1)
    passes = -(-filters // block)
    last = filters - (passes - 1) * block
    behind = last * positions * bits.output
    first_load = (block * a_filter + activations + behind) / bits_per_cycle
    loads = (filters * a_filter + activations + behind) / bits_per_cycle
    exposed = np.maximum(
        first_load + compute(item, every, passes), loads + compute(item, last, one)
    )
    return np.where(known, np.maximum(least, exposed), least)


def _filters_of_a_pass(item: DenseWork, accelerator: Accelerator, filter_step: Ints) -> Ints:
    """Filters of a pass of all positions; 0 where positions, outputs or K may be cut.

    And of recurrent products, whose weights may stay.
    """
    shape, bits = item.geometry, item.value_bits
    if shape.steps > 1:
        return np.zeros_like(filter_step)
    buffers = Buffers.of(accelerator)
    if prod(shape.input_shape) * shape.channels * bits.activation > buffers.activation:
        return np.zeros_like(filter_step)
    fitting = buffers.weight // (shape.reduction * bits.weight)
    block = fitting // filter_step * filter_step
    if fitting >= shape.filters:
        block = np.full_like(filter_step, shape.filters)
    return np.where(block * shape.positions * bits.output <= buffers.output, block, 0)
