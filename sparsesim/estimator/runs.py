"""A layer's runs over some images, cut and laid out: what studies count again and again."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim.estimator.operands import operands_of
from sparsesim.estimator.prepare import Prepared, prepare
from sparsesim.estimator.setting import Setting
from sparsesim.memory import value_bits_of
from sparsesim.trace import ImageTrace, Trace, TraceLayer


def prepared_runs(
    trace: Trace, layer: TraceLayer, groups: Sequence[Sequence[ImageTrace]], on: Setting
) -> list[list[Prepared]]:
    """For each group of images the runs of a layer: one, or one an image.

    Args:
        trace: of the network.
        layer: of it.
        groups: of images, as `batches` makes them.
        on: the machine and its memory.
    Returns:
        no runs of a layer without work.
    Raises:
        SpecError: the layer does not fit the buffers.
    """
    if not layer.geometry.has_work:
        return [[] for _ in groups]
    widths = value_bits_of(trace, layer, on.accelerator)
    weight_rows, weights = None, None  # a constant weight is lowered and laid out once
    found = []
    for group in groups:
        runs = []
        for images in [group] if layer.takes_images else [[image] for image in group]:
            operands = operands_of(trace, layer, list(images), weight_rows)
            run = prepare(layer.name, operands, widths, on, weights)
            if layer.weight_is_constant:
                weight_rows, weights = operands.weight_rows, run.weights
            runs.append(run)
        found.append(runs)
    return found
