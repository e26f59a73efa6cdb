"""A layer's weight in the form that the products take: floats, zero point subtracted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sparsesim.engine import numbers, tiles
from sparsesim.engine.checks import check_groups, check_zero
from sparsesim.graph import Layer


@dataclass(frozen=True)
class Prepared:
    """A weight ready to multiply.

    Attributes:
        matrix: float32 or float64; of a convolution (groups, filters, K), of a transposed one
            (groups, channels, filters * kernel volume), of a product the operand as it
            multiplies.
        shape: of the weight as stored.
    """

    matrix: np.ndarray
    shape: tuple[int, ...]

    @cached_property
    def packed(self) -> np.ndarray:
        """A convolution's float32 matrix as `tiles` reads it; made at its first use."""
        return tiles.pack(self.matrix)


def prepare(layer: Layer, tensors: Mapping[str, np.ndarray], kind: np.dtype) -> Prepared:
    """Prepare a weight.

    Args:
        layer: the layer.
        tensors: its weight and zero points by name; an activation zero point that is not there
            yet may have any value.
        kind: the activation's type.
    """
    stored = tensors[layer.weight]
    if layer.is_integer:
        zero = check_zero(layer, "weight", weight_zero(layer, tensors, stored.ndim), stored.shape)
        values = numbers.shifted(stored, zero, np.dtype("f8"))
    else:
        values = stored.astype(numbers.float_type(stored.dtype), copy=False)
    if layer.kind in ("conv", "conv_transpose"):
        check_groups(layer, stored.shape)
        groups = layer.attribute("group", 1)
        volume = int(np.prod(stored.shape[1:]))
        values = values.reshape(groups, stored.shape[0] // groups, volume)
    elif layer.kind == "gemm" and layer.attribute("transA" if layer.weight_first else "transB", 0):
        values = values.T
    if layer.is_integer:
        other = np.zeros(1) if not layer.activation_zero else tensors.get(layer.activation_zero)
        values = values.astype(numbers.exact_type(_longest(layer, values), other, kind))
    return Prepared(values, stored.shape)


def weight_zero(layer: Layer, tensors: Mapping[str, np.ndarray], rank: int) -> np.ndarray | None:
    """The weight's zero point, shaped to broadcast over the weight as stored."""
    if not layer.weight_zero:
        return None
    zero = tensors[layer.weight_zero]
    if zero.size == 1:
        return zero.reshape(())
    if layer.is_recurrent:  # stored (directions, K, filters); one each direction, or each filter
        return zero.reshape(len(zero), 1, -1)
    if layer.kind == "conv_transpose":
        return zero.reshape(1, -1, *[1] * (rank - 2))
    if layer.kind == "conv" or (layer.kind == "gemm" and layer.attribute("transB", 0)):
        return zero.reshape(-1, *[1] * (rank - 1))
    return zero.reshape(-1, 1) if layer.weight_first and zero.ndim == 1 else zero


def _longest(layer: Layer, values: np.ndarray) -> float:
    """The largest sum of magnitudes that meets one output."""
    sizes = np.abs(values)
    if layer.kind == "conv_transpose":  # any kernel element may meet the same output
        return float(sizes.sum(axis=(0, 1)).sum())
    axis = -1 if layer.kind == "conv" or layer.weight_first else -2
    return float(sizes.sum(axis=axis if sizes.ndim > 1 else 0).max(initial=0.0))
