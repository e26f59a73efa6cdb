"""Cycles that dense work takes at least, for thousands of arrays at once: what orders the search.

Each bound is one of docs/model.md's schedule with terms left out, so that no exact count is below
it. Where a pass has all positions of a group, how many filters it has is known, and with that what
no transfer can hide: the loads of the first pass, the work of the last, the stores behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from sparsesim.lowering import Geometry
from sparsesim.memory import ValueBits
from sparsesim.spec import Accelerator

HALF_KIB_BITS = 4096  # half of a buffer is in use while the other half is loaded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DenseWork:
    """Equal layers: runs of one shape.

    Attributes:
        name: of the first of them, for errors.
        geometry: of one run.
        value_bits: at which their values are priced.
        times: how many runs.
    """

    name: str
    geometry: Geometry
    value_bits: ValueBits
    times: int

    @cached_property
    def met_elements(self) -> int:
        """Elements of the activations that some output of a group meets: each is loaded."""
        return prod(_met(self.geometry, axis) for axis in range(4)) * self.geometry.channels


def least_cycles(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    rows: Ints,
    cols: Ints,
    bits_per_cycle: float,
) -> Floats:
    """Cycles that all runs take at least on arrays of these sizes.

    Args:
        work: of `dense.dense_work`.
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
    whole, rest = divmod(shape.reduction, accelerator.window)
    lanes = accelerator.lanes
    element_cycles = whole * -(-accelerator.window // lanes) + -(-rest // lanes)
    position_tiles = -(-positions // cols)

    fill = (
        accelerator.array.feed_latency + accelerator.array.pe_latency
    )  # before work, and until it drains

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
    half_activations = accelerator.activation_buffer_kib * HALF_KIB_BITS
    if prod(shape.input_shape) * shape.channels * bits.activation > half_activations:
        return np.zeros_like(rows)
    half_weights = int(accelerator.weight_buffer_kib * HALF_KIB_BITS)
    fitting = half_weights // (shape.reduction * bits.weight)
    block = fitting // rows * rows
    if fitting >= shape.filters:
        block = np.full_like(rows, shape.filters)
    half_outputs = int(accelerator.output_buffer_kib * HALF_KIB_BITS)
    return np.where(block * shape.positions * bits.output <= half_outputs, block, 0)


def _met(shape: Geometry, axis: int) -> int:
    """Input indices along an axis that some output meets."""
    outputs = np.arange(shape.output_shape[axis])[:, None] * shape.stride[axis]
    taps = np.arange(shape.kernel[axis])[None, :] * shape.dilation[axis]
    at, step = outputs + taps - shape.pad[axis], shape.insert[axis]
    inside = (at >= 0) & (at % step == 0) & (at < shape.input_shape[axis] * step)
    return len(np.unique(at[inside]))
