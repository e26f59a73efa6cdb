"""`estimate`: a trace on an accelerator, on a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.engine.threads import each
from sparsesim.errors import SpecError
from sparsesim.estimator.batches import batches
from sparsesim.estimator.count import count, timed
from sparsesim.estimator.layer_run import LayerRun, layer_run, run_without_work, scheme_sums
from sparsesim.estimator.operands import Operands, operands_of
from sparsesim.estimator.outputs import OutputTally
from sparsesim.estimator.prepare import prepare
from sparsesim.estimator.records import assemble
from sparsesim.estimator.setting import Setting, setting
from sparsesim.estimator.tally import Tally
from sparsesim.graph.no_layer import require_layers
from sparsesim.memory import value_bits_of
from sparsesim.result import Result
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.trace import ImageTrace, Trace, TraceLayer


@dataclass
class Cache:
    """Lowered operands of a trace, for further accelerators on the same one.

    It holds some bits for each element of lowered operands, so it is for traces of few images.
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
        SpecError: a layer does not fit the buffers, an unknown machine, hardly any DRAM bits a
            cycle, a negative seed. ModelError: no layer runs on the array.
    Source: docs/model.md.
    """
    if seed < 0:
        raise SpecError(f"seed {seed} is out of range; use 0 and up")
    require_layers(trace.source.model, trace.layers, trace.host)
    accelerator, device = resolve(accelerator, device)
    layers = _Layers(trace, setting(accelerator, device), cache)
    tally = Tally(trace, layers.on)
    outputs = OutputTally(trace.source.images_per_run)
    done = 0
    for group in batches(trace.images, accelerator.batch):
        runs = each(layers.runs, [(layer, group, done) for layer in trace.layers])
        tally.add(group, runs)
        for image in group:
            outputs.add(image)
        done += len(group)
        if progress is not None:
            progress(done)
    result = assemble(trace, layers.on, device, tally, outputs, seed)
    return _beside_dense(result, trace, accelerator, device) if iso_resource else result


def _beside_dense(result: Result, trace: Trace, accelerator: Accelerator, device: Device) -> Result:
    from sparsesim.area.iso import iso_resource

    if result.on_device is None:  # which a warning says
        return result
    found = iso_resource(trace, result, accelerator, device, result.on_device.family)
    return result.model_copy(update={"iso_resource": found})


@dataclass
class _Layers:
    """Estimates layers: prepare, count, schedule, record. Weights are laid out once."""

    trace: Trace
    on: Setting
    cache: Cache | None

    def __post_init__(self) -> None:
        self._weight_rows: dict[str, np.ndarray] = {}
        self._weights: dict[str, Any] = {}

    def runs(self, layer: TraceLayer, group: list[ImageTrace], first: int) -> list[LayerRun]:
        """The runs of a layer over images from the `first` on: one, or one an image."""
        if layer.takes_images:
            return [self._run(layer, group, first)]
        return [self._run(layer, [image], first + index) for index, image in enumerate(group)]

    def _run(self, layer: TraceLayer, images: list[ImageTrace], first: int) -> LayerRun:
        on = self.on
        operands = self._operands(layer, images, first)
        widths = value_bits_of(self.trace, layer, on.accelerator)
        if not operands.geometry.has_work:
            return run_without_work(operands, on)
        prepared = prepare(layer.name, operands, widths, on, self._weights.get(layer.name))
        if layer.weight_is_constant:
            self._weights[layer.name] = prepared.weights
        schemes = {}
        for scheme in on.schemes:
            counted = count(prepared, scheme, on)
            schemes[scheme.name] = scheme_sums(
                prepared, counted, timed(prepared, counted, scheme, on), scheme
            )
        return layer_run(operands, prepared, schemes, widths, on)

    def _operands(self, layer: TraceLayer, images: list[ImageTrace], first: int) -> Operands:
        key = (layer.name, first, len(images))
        if self.cache is not None and key in self.cache.operands:
            return self.cache.operands[key]
        operands = operands_of(self.trace, layer, images, self._weight_rows.get(layer.name))
        if layer.weight_is_constant:
            self._weight_rows[layer.name] = operands.weight_rows
        if self.cache is not None:
            self.cache.operands[key] = operands
        return operands
