"""Exact cycles of a network on a dense array: from shapes alone, as no zero is skipped.

Layers are cut, moved and timed by the very functions that time sparse ones (`memory`, the machine);
operands of zeros stand in, since neither a dense scheme nor the format `dense` looks at them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.opponent import ROUNDING
from sparsesim.area.work import DenseWork
from sparsesim.lowering import Geometry
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.tiling import Tiling
from sparsesim.memory import Buffers, LayerCounts, Plan, plan_layer, schedule
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle


def total_cycles(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    device: Device,
    limit: int | None = None,
    least: Sequence[float] | None = None,
) -> int | None:
    """Exact total cycles, DRAM overlapped, of all runs on a dense array.

    Args:
        work: of `dense_work`.
        accelerator: of a dense scheme, with dense formats.
        device: gives the DRAM bandwidth.
        limit: give up where the total can't be below.
        least: cycles that each item takes at least, all its runs; they only help to give up soon.
    Returns:
        None where it was given up.
    Raises:
        SpecError: a layer does not fit the buffers.
    """
    least = least or [0.0] * len(work)
    total, rest = 0, sum(least)
    for item, share in sorted(zip(work, least, strict=True), key=lambda pair: -pair[1]):
        total += item.times * _run_cycles(item, accelerator, device)
        rest -= share
        if limit is not None and total + max(0.0, rest) * ROUNDING >= limit:
            return None
    return total


def _run_cycles(work: DenseWork, accelerator: Accelerator, device: Device) -> int:
    steps = work.geometry.steps
    if steps > 3:  # on a dense array all steps behind the first, which may load more, are alike
        two, three = (
            _run_cycles(replace(work, geometry=work.geometry.with_steps(few)), accelerator, device)
            for few in (2, 3)
        )
        return two + (steps - 2) * (three - two)
    # Neither the cut nor the work in it hangs on the clock, which bits a cycle do.
    plan, cycles = _cut(work, accelerator.with_(name="dense", clock_mhz=1.0))
    timed = schedule(plan, cycles, dram_bits_per_cycle(device, accelerator), True)
    return timed.total_cycles


@lru_cache(maxsize=4096)  # accelerators of a sweep are compared with the same arrays
def _cut(work: DenseWork, accelerator: Accelerator) -> tuple[Plan, NDArray[np.int64]]:
    """The passes of a run, and compute cycles of each."""
    geometry = work.geometry
    counts, activation, weight, output = _empty_operands(geometry)
    rules, array = accelerator.rules, accelerator.array
    tiling = rules.tiling(array)
    plan = plan_layer(
        work.name,
        geometry,
        activation,
        weight,
        output,
        work.value_bits,
        accelerator,
        replace(tiling, elements=_elements_of_a_pass(work, accelerator, tiling)),
        counts,
    )
    passes = plan.passes
    # Of those that go on with sums of others it does not matter where in K they begin.
    first = np.minimum(passes.k0, tiling.elements)
    sizes = np.stack(
        [passes.filters, passes.positions, first, passes.elements, passes.drains], axis=1
    )
    distinct, back = np.unique(sizes, axis=0, return_inverse=True)
    cycles = np.array(
        [
            _pass_cycles(f, p, k0, k, drains, accelerator)
            for f, p, k0, k, drains in distinct.tolist()
        ]
    )
    return plan, cycles[back.reshape(-1)]


def _elements_of_a_pass(work: DenseWork, accelerator: Accelerator, tiling: Tiling) -> int:
    """Elements of K that fit the buffers in a tile: where K is cut, it is cut there.

    They are all of K or whole steps of the machine; planning would find the same by trying them one
    by one.
    """
    shape, bits = work.geometry, work.value_bits
    filters = min(tiling.filters, shape.filters)
    positions = min(tiling.positions, shape.positions)
    buffers = Buffers.of(accelerator)
    weights = buffers.weight // (filters * bits.weight)
    most = min(weights, buffers.activation // (positions * bits.activation))
    if most >= shape.reduction:
        return shape.reduction
    return max(tiling.elements, most // tiling.elements * tiling.elements)


def _pass_cycles(
    filters: int, positions: int, first: int, elements: int, drains: int, accelerator: Accelerator
) -> int:
    """Cycles of one dense pass of so many filters, positions and elements of K, from a first one
    on."""
    rules, array = accelerator.rules, accelerator.array
    reduction = first + elements
    words = reduction // 64 + 2
    one = Passes(np.array([(0, 0, filters, 0, positions, first, reduction, drains)]))
    counted = rules.count(
        rules.prepare("activation", np.zeros((1, positions, words), np.uint64), reduction, array),
        rules.prepare("weight", np.zeros((1, filters, words), np.uint64), reduction, array),
        one,
        Pairs.of_zeros(one),
        rules.scheme(accelerator.skipping),
        array,
    )
    return int(counted.cycles[0])


def _empty_operands(
    geometry: Geometry,
) -> tuple[LayerCounts, np.ndarray, np.ndarray, np.ndarray]:
    activation, weight, output = (
        np.zeros(elements // 64 + 2, np.uint64)
        for elements in (
            geometry.activation_elements,
            geometry.weight_elements,
            geometry.output_elements,
        )
    )
    return LayerCounts.of_zeros(geometry), activation, weight, output
