"""Exact cycles of a network on a dense array: from shapes alone, as no zero is skipped.

Layers are cut, moved and timed by the very functions that time sparse ones (`memory`, `datapath`);
operands of zeros stand in, since neither the scheme `none` nor the format `dense` looks at them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from sparsesim.datapath import Pairs, datapath
from sparsesim.lowering import Geometry
from sparsesim.memory import LayerCounts, ValueBits, plan_layer, schedule
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.trace import Trace, TraceLayer

# Blocks are cut at multiples of so many elements of K where K must be cut at all.
_CUT = 16


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
    def dense_bits(self) -> int:
        """Bits of both operands and the output of one run, each once."""
        shape, bits = self.geometry, self.value_bits
        return (
            shape.activation_elements * bits.activation
            + shape.weight_elements * bits.weight
            + shape.output_elements * bits.output
        )


def dense_work(trace: Trace, accelerator: Accelerator, images: Iterable[int]) -> list[DenseWork]:
    """The layers of a trace over its runs, equal ones together.

    Args:
        trace: gives layers and widths of values; its images are not read.
        accelerator: gives `value_bits`.
        images: how many images each run has, `Result.per_image.images`.
    """
    sizes = Counter(images)
    names: dict[tuple[Geometry, ValueBits], str] = {}
    times: Counter[tuple[Geometry, ValueBits]] = Counter()
    for layer in trace.layers:
        keys = (layer.activation, layer.weight, layer.output)
        bits = ValueBits(*(accelerator.value_bits or trace.tensors[key].value_bits for key in keys))
        for size, runs in sizes.items():
            joins = size > 1 and _images_share_passes(layer)
            geometry = layer.geometry.with_images(size) if joins else layer.geometry
            if geometry.output_elements * geometry.reduction:
                names.setdefault((geometry, bits), layer.name)
                times[geometry, bits] += runs if joins else runs * size
    return [DenseWork(names[key], *key, number) for key, number in times.items()]


def least_cycles(work: DenseWork, rows: int, cols: int, bits_per_cycle: float) -> float:
    """Cycles that one run takes at least: its work, its drains, or each bit moved once."""
    shape = work.geometry
    columns = shape.groups * -(-shape.positions // cols)
    compute = columns * max(-(-shape.filters // rows) * shape.reduction, shape.filters)
    return max(compute, work.dense_bits / bits_per_cycle)


def total_cycles(work: Iterable[DenseWork], accelerator: Accelerator, device: Device) -> int:
    """Exact total cycles, DRAM overlapped, of all runs on a dense array.

    Args:
        work: of `dense_work`.
        accelerator: window 1, one lane, scheme `none`, dense formats.
        device: gives the DRAM bandwidth.
    Raises:
        SpecError: a layer does not fit the buffers.
    """
    return sum(item.times * _run_cycles(item, accelerator, device) for item in work)


def _run_cycles(work: DenseWork, accelerator: Accelerator, device: Device) -> int:
    geometry = work.geometry
    counts, activation, weight, output = _empty_operands(geometry)
    plan = plan_layer(
        work.name,
        geometry,
        activation,
        weight,
        output,
        work.value_bits,
        accelerator.with_(window=_CUT),
        counts,
    )
    table = plan.pass_table()
    table[:, 4:6] = np.minimum(table[:, 4:6] * _CUT, geometry.reduction)
    sizes = np.stack(
        [
            table[:, 1] - table[:, 0],
            table[:, 3] - table[:, 2],
            table[:, 5] - table[:, 4],
            table[:, 6],
        ],
        axis=1,
    )
    distinct, back = np.unique(sizes, axis=0, return_inverse=True)
    cycles = np.array(
        [_pass_cycles(f, p, k, drains, accelerator) for f, p, k, drains in distinct.tolist()]
    )
    timed = schedule(plan, cycles[back.reshape(-1)], dram_bits_per_cycle(device, accelerator), True)
    return timed.total_cycles


def _pass_cycles(
    filters: int, positions: int, length: int, drains: int, accelerator: Accelerator
) -> int:
    """Cycles of one pass of so many filters, positions and elements of K."""
    machine = datapath(accelerator.datapath)
    words = length // 64 + 2
    passes = np.array([[0, 0, filters, 0, positions, 0, length, drains]], dtype=np.int64)
    nothing = np.zeros(1, dtype=np.int64)
    counted = machine.count_passes(
        machine.prepare_activations(np.zeros((positions, words), np.uint64), length, accelerator),
        machine.prepare_weights(np.zeros((filters, words), np.uint64), length, accelerator),
        passes,
        Pairs(nothing, nothing, nothing, nothing),
        "none",
        accelerator,
    )
    return int(counted[0, 0])


def _empty_operands(
    geometry: Geometry,
) -> tuple[LayerCounts, np.ndarray, np.ndarray, np.ndarray]:
    from sparsesim.memory.kernels import meet_axes  # Numba is slow to load

    values = geometry.array()
    axes = np.zeros((4, 3, max(geometry.output_shape) + 1), np.int64)
    meet_axes(values, axes)
    pixels = np.zeros((geometry.groups, prod(geometry.input_shape) + 1), np.int64)
    filters = np.zeros(geometry.groups * geometry.filters + 1, np.int64)
    activation, weight, output = (
        np.zeros(elements // 64 + 2, np.uint64)
        for elements in (
            geometry.activation_elements,
            geometry.weight_elements,
            geometry.output_elements,
        )
    )
    return LayerCounts(values, axes, pixels, filters), activation, weight, output


def _images_share_passes(layer: TraceLayer) -> bool:
    """Whether images of a batch lie side by side: one weight for all, no batch index."""
    shape = layer.geometry
    is_batched_product = shape.groups > 1 and shape.pixel_stride == shape.channels
    return layer.weight_is_constant and not is_batched_product
