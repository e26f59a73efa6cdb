"""Bits of whole operands in each format: what choosing one for a layer would be worth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from sparsesim.estimator.stored_weights import stored_weight
from sparsesim.formats import FORMATS
from sparsesim.memory import stored_bits, value_bits_of
from sparsesim.spec import Accelerator
from sparsesim.trace import ImageTrace, Trace, TraceLayer


@dataclass(frozen=True)
class LayerStorage:
    """A layer's operands.

    Attributes:
        name: of the layer.
        weight, activation: format -> bits, each operand as one block; activations, and weights that
            are computed, on average over images.
    """

    name: str
    weight: dict[str, float]
    activation: dict[str, float]


def storage(trace: Trace, accelerator: Accelerator) -> tuple[LayerStorage, ...]:
    """What each operand takes in each format.

    Args:
        trace: its images are gone through once.
        accelerator: gives `run_bits` and `value_bits`; its own formats don't matter.
    """
    bits: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    runs = trace.source.runs
    for layer in trace.layers:
        if layer.weight_is_constant:
            for name, size in _weight(trace, layer, trace.weights[layer.weight], accelerator):
                bits[layer.name, "weight", name] = size
    for image in trace.images:
        for layer in trace.layers:
            for operand, name, size in _of_image(trace, layer, image, accelerator):
                bits[layer.name, operand, name] += size / runs
    return tuple(
        LayerStorage(
            layer.name,
            {name: bits[layer.name, "weight", name] for name in FORMATS},
            {name: bits[layer.name, "activation", name] for name in FORMATS},
        )
        for layer in trace.layers
    )


def _weight(
    trace: Trace, layer: TraceLayer, words: np.ndarray, accelerator: Accelerator
) -> list[tuple[str, int]]:
    shape, bits = layer.geometry, value_bits_of(trace, layer, accelerator).weight
    stored, elements, rows = stored_weight(words, shape, layer.weight_groups)
    run_bits = accelerator.run_bits
    return [(name, stored_bits(stored, elements, rows, bits, name, run_bits)) for name in FORMATS]


def _of_image(
    trace: Trace, layer: TraceLayer, image: ImageTrace, accelerator: Accelerator
) -> list[tuple[str, str, int]]:
    shape, bits = layer.geometry, value_bits_of(trace, layer, accelerator).activation
    words, run_bits = image.bits[layer.activation], accelerator.run_bits
    found = [
        (
            "activation",
            name,
            stored_bits(words, shape.activation_elements, shape.encoded_rows, bits, name, run_bits),
        )
        for name in FORMATS
    ]
    if not layer.weight_is_constant:
        weight = _weight(trace, layer, image.bits[layer.weight], accelerator)
        found += [("weight", name, size) for name, size in weight]
    return found
