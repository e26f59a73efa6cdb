"""Measured densities of the tensors that a layer's loops go over: means over the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsesim.exports.loops import Loops
from sparsesim.lowering.bits import ones, unpack
from sparsesim.trace import Trace, TraceLayer


@dataclass(frozen=True)
class Densities:
    """Shares of elements that are not zero.

    Attributes:
        weights: of the weight operand.
        inputs: of the input as the loops see it, `Loops.input_elements`: padding is zeros.
        stored_inputs: of the input as stored.
        outputs: behind the fused activation.
    """

    weights: float
    inputs: float
    stored_inputs: float
    outputs: float


def densities_of(trace: Trace, layers: Sequence[Loops]) -> tuple[Densities, ...]:
    """Go through the images once; a trace's images are executed or read meanwhile."""
    traced = {layer.name: layer for layer in trace.layers}
    counts = np.zeros((len(layers), 4), dtype=np.int64)
    images = 0
    for image in trace.images:
        images += 1
        for number, loops in enumerate(layers):
            layer = traced[loops.name]
            weights = trace.weights if layer.weight_is_constant else image.bits
            inputs = image.bits[layer.activation]
            counts[number] += (
                ones(weights[layer.weight]),
                _reached(layer, loops, inputs),
                ones(inputs),
                ones(image.bits[layer.output]),
            )
    found = []
    for loops, count in zip(layers, counts, strict=True):
        geometry = traced[loops.name].geometry
        elements = (
            geometry.weight_elements,
            loops.input_elements,
            geometry.activation_elements,
            geometry.output_elements,
        )
        shares = (int(n) / (size * images) for n, size in zip(count, elements, strict=True))
        found.append(Densities(*shares))
    return tuple(found)


def _reached(layer: TraceLayer, loops: Loops, words: np.ndarray) -> int:
    """Non-zeros of the stored input within reach of the taps."""
    parts = tuple(axis.stored for axis in loops.axes)
    if all(part == slice(0, axis.pixels) for part, axis in zip(parts, loops.axes, strict=True)):
        return ones(words)
    geometry = layer.geometry
    pixels = unpack(words, geometry.activation_elements).reshape(*geometry.input_shape, -1)
    return int(np.count_nonzero(pixels[:, *parts]))
