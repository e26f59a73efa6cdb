"""Runs of an estimate: single images, or `batch` of them side by side along P."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from sparsesim.lowering.bits import word_count
from sparsesim.lowering.kernels import copy_bits
from sparsesim.trace import ImageTrace, Trace, TraceLayer


def batches(images: Iterable[ImageTrace], size: int) -> Iterator[list[ImageTrace]]:
    """Groups of so many images; the last may be short."""
    group: list[ImageTrace] = []
    for image in images:
        group.append(image)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def joined(layer: TraceLayer, group: list[ImageTrace]) -> TraceLayer:
    """The layer over a group of images."""
    if len(group) == 1:
        return layer
    return replace(layer, geometry=layer.geometry.with_images(len(group)))


def joined_bits(key: str, trace: Trace, group: list[ImageTrace], layer: TraceLayer) -> np.ndarray:
    """A tensor's bits over a group of images, one image after another.

    Args:
        key: of the tensor, the activation or output of `layer`.
        trace: tells how long it is.
        group: the images.
        layer: of one image; of a recurrent one the images of each step follow one another.
    """
    if len(group) == 1:
        return group[0].bits[key]
    pieces = layer.geometry.pieces
    elements = trace.tensors[key].elements // pieces
    words = np.zeros(word_count(elements * pieces * len(group)), dtype=np.uint64)
    for index, image in enumerate(group):
        for piece in range(pieces):
            to = (piece * len(group) + index) * elements
            copy_bits(image.bits[key], piece * elements, elements, words, to)
    return words
