"""Weights as they are stored: each once, however many groups, images or layers read it.

What a layer loads is another matter: each reads its weight for itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import word_count
from sparsesim.lowering.kernels import copy_bits
from sparsesim.trace import TraceLayer


def stored_weight(
    words: np.ndarray, geometry: Geometry, groups: tuple[int, ...]
) -> tuple[np.ndarray, int, int]:
    """A weight operand without the copies that a batch makes of it.

    Args:
        words: packed bits, [groups][filters][K].
        geometry: of the layer.
        groups: those that hold each weight once, as `TraceLayer.weight_groups`; empty: all.
    Returns:
        packed bits, how many, and in how many rows.
    """
    each = geometry.filters * geometry.reduction
    if not groups:
        return words, geometry.weight_elements, geometry.weight_sets * geometry.filters
    stored = np.zeros(word_count(each * len(groups)), dtype=np.uint64)
    for index, group in enumerate(groups):
        copy_bits(words, group * each, each, stored, index * each)
    return stored, each * len(groups), len(groups) * geometry.filters


def stored_once(layers: Iterable[TraceLayer]) -> tuple[TraceLayer, ...]:
    """Of layers those whose constant weight none before them has; a computed operand is none."""
    first: dict[str, TraceLayer] = {}
    for layer in layers:
        if layer.weight_is_constant:
            first.setdefault(layer.weight_tensor, layer)
    return tuple(first.values())
