"""W and R of a recurrent node, ready to multiply: filters first, zero points subtracted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sparsesim.engine import numbers
from sparsesim.graph import Layer

# What a quantised operand may be at most: uint8 less a zero point of its type.
_REACH = 255


@dataclass(frozen=True)
class Weight:
    """A recurrent weight.

    Attributes:
        matrix: float32 or float64, (directions, filters, K): integers less their zero point, exact.
        scale: float32, (directions, 1 or filters); None where the weight is float.
    """

    matrix: np.ndarray
    scale: np.ndarray | None


def prepare(layer: Layer, tensors: Mapping[str, np.ndarray]) -> Weight:
    """The weight of a recurrent layer.

    Args:
        layer: one of the two of its node.
        tensors: its weight, and what quantises it, by name.
    """
    stored = rows_first(layer, tensors[layer.weight])
    if not layer.is_integer:
        kind = numbers.float_type(stored.dtype)
        return Weight(np.ascontiguousarray(stored, dtype=kind), None)
    values = stored.astype(np.float64) - zeros_of(layer, tensors).astype(np.float64)
    longest = float(np.abs(values).sum(axis=2).max(initial=0.0))
    exact = np.float32 if longest * _REACH < 1 << 24 else np.float64
    scale = tensors[layer.weight_scale].astype(np.float32)
    return Weight(np.ascontiguousarray(values, dtype=exact), scale.reshape(len(stored), -1))


def rows_first(layer: Layer, stored: np.ndarray) -> np.ndarray:
    """A weight as (directions, filters, K): DynamicQuantizeLSTM stores it K first."""
    return np.swapaxes(stored, 1, 2) if layer.is_integer else stored


def zeros_of(layer: Layer, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """A quantised weight's zero points, to broadcast over (directions, filters, K)."""
    zero = tensors.get(layer.weight_zero) if layer.weight_zero else None
    if zero is None:
        return np.zeros((1, 1, 1), np.int8)
    return zero.reshape(1 if zero.size == 1 else len(tensors[layer.weight]), -1, 1)
