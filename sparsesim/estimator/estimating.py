"""`estimate`: a trace on an accelerator, on a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.datapath import Datapath, datapath
from sparsesim.engine.threads import each
from sparsesim.errors import SpecError
from sparsesim.estimator.batches import batches, joined, joined_bits, side_by_side
from sparsesim.estimator.lay_out import weights_of
from sparsesim.estimator.layer_run import LayerRun, Operands, lower, run_layer
from sparsesim.estimator.outputs import OutputTally
from sparsesim.estimator.records import assemble
from sparsesim.estimator.tally import Tally, value_bits_of
from sparsesim.graph.no_layer import require_layers
from sparsesim.result import Result
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.spec.resolve import resolve
from sparsesim.trace import ImageTrace, Trace, TraceLayer

_LEAST_BITS_PER_CYCLE = Fraction(1, 10**6)


@dataclass
class Cache:
    """Lowered operands of a trace, for further accelerators on the same one.

    It holds some bits for every operand pair window, so it is for traces of few images.
    """

    operands: dict[tuple[str, int, int], Operands] = field(default_factory=dict)


def estimate(
    trace: Trace,
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
    *,
    seed: int = 0,
    iso_resource: bool = False,
    cache: Cache | None = None,
    progress: Callable[[int], Any] | None = None,
) -> Result:
    """Exact cycles, memory and energy of a trace on an accelerator.

    Args:
        trace: of `execute`, or loaded.
        accelerator: a value, a packaged name or a file; default: all its defaults.
        device: gives the DRAM bandwidth; likewise. Default: the one that a packaged accelerator is
            named after, else XCZU9EG on the ZCU102.
        seed: of the bootstrap.
        iso_resource: compare with the fastest dense array of equal resources as well, which takes
            about as long again as the estimate of an image.
        cache: shared between calls on the same trace.
        progress: called with the number of images done.
    Returns:
        the result; counts are sums over the images.
    Raises:
        SpecError: a layer does not fit the buffers, an unknown datapath, hardly any DRAM bits a
            cycle, a negative seed. ModelError: no layer runs on the array.
    Source: docs/model.md.
    """
    if seed < 0:
        raise SpecError(f"seed {seed} is out of range; use 0 and up")
    require_layers(trace.source.model, trace.layers, trace.host)
    accelerator, device = resolve(accelerator, device)
    worker = _Worker(trace, accelerator, datapath(accelerator.datapath), device, cache)
    tally = Tally(trace, accelerator)
    outputs = OutputTally(trace.source.images_per_run)
    done = 0
    for group in batches(trace.images, accelerator.batch):
        runs = each(worker.layer, [(layer, group, done) for layer in trace.layers])
        tally.add(group, runs)
        for image in group:
            outputs.add(image)
        done += len(group)
        if progress is not None:
            progress(done)
    result = assemble(trace, accelerator, device, tally, outputs, seed)
    return _beside_dense(result, trace, accelerator, device) if iso_resource else result


def _beside_dense(result: Result, trace: Trace, accelerator: Accelerator, device: Device) -> Result:
    from sparsesim.area.iso import iso_resource

    if result.on_device is None:  # which a warning says
        return result
    found = iso_resource(trace, result, accelerator, device, result.on_device.family)
    return result.model_copy(update={"iso_resource": found})


@dataclass
class _Worker:
    """Estimates layers; weights are laid out once."""

    trace: Trace
    accelerator: Accelerator
    machine: Datapath
    device: Device
    cache: Cache | None

    def __post_init__(self) -> None:
        self.bits_per_cycle = dram_bits_per_cycle(self.device, self.accelerator)
        if self.bits_per_cycle < _LEAST_BITS_PER_CYCLE:  # cycles must fit 64 bits
            raise SpecError(
                f"clock_mhz {self.accelerator.clock_mhz} with dram_gb_per_s "
                f"{self.device.dram_gb_per_s} gives {float(self.bits_per_cycle):.2g} DRAM bits a "
                f"cycle; use {float(_LEAST_BITS_PER_CYCLE):.2g} or more"
            )
        self._weight_rows: dict[str, np.ndarray] = {}
        self._weights: dict[str, object] = {}

    def layer(self, layer: TraceLayer, group: list[ImageTrace], first: int) -> list[LayerRun]:
        """The runs of a layer over images from the `first` on: one, or one an image."""
        if side_by_side(layer):
            return [self._run(joined(layer, group), group, first)]
        return [self._run(layer, [image], first + index) for index, image in enumerate(group)]

    def _run(self, layer: TraceLayer, group: list[ImageTrace], first: int) -> LayerRun:
        operands = self._operands(layer, group, first)
        weights = None
        if layer.weight_is_constant:
            if layer.name not in self._weights:
                self._weights[layer.name] = weights_of(operands, self.machine, self.accelerator)
            weights = self._weights[layer.name]
        return run_layer(
            layer.name,
            operands,
            value_bits_of(self.trace, layer, self.accelerator),
            self.accelerator,
            self.machine,
            self.bits_per_cycle,
            weights,
        )

    def _operands(self, layer: TraceLayer, group: list[ImageTrace], first: int) -> Operands:
        key = (layer.name, first, len(group))
        if self.cache is not None and key in self.cache.operands:
            return self.cache.operands[key]
        if layer.weight_is_constant:
            weight = self.trace.weights[layer.weight]
        else:
            weight = group[0].bits[layer.weight]
        operands = lower(
            layer.geometry,
            joined_bits(layer.activation, self.trace, group, layer),
            weight,
            joined_bits(layer.output, self.trace, group, layer),
            self._weight_rows.get(layer.name),
            layer.weight_groups,
        )
        if layer.weight_is_constant:
            self._weight_rows[layer.name] = operands.weight_rows
        if self.cache is not None:
            self.cache.operands[key] = operands
        return operands
