"""A weight as rows: filters by reduction, in the K order of docs/model.md."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.graph import Layer
from sparsesim.graph.recurrent import is_turned


def rows_of(layer: Layer, weight: NDArray[Any]) -> NDArray[Any]:
    """A weight as (filters, K), the filters of all groups one after another.

    Args:
        layer: whose weight it is.
        weight: as stored in the model.
    """
    turned, filters = _turned(layer, weight)
    return turned.reshape(filters, -1) if weight.size else weight.reshape(0, 1)


def from_rows(layer: Layer, rows: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A weight of that shape, as stored, from its rows: what `rows_of` undoes."""
    weight = np.empty(shape, dtype=rows.dtype)
    turned, _ = _turned(layer, weight)
    turned[...] = rows.reshape(turned.shape)
    return weight


def _turned(layer: Layer, weight: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """A view of a weight with its axes in the order of the rows, and the number of filters."""
    if layer.kind == "conv":
        return np.moveaxis(weight, 1, -1), weight.shape[0]
    if layer.kind == "conv_transpose":
        groups = layer.attribute("group", 1)
        grouped = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
        kernel = tuple(range(3, grouped.ndim))
        # The convolution of the zero-inserted input goes through the kernel backwards.
        turned = np.moveaxis(np.flip(grouped, kernel), 1, -1)
        return turned, turned.shape[0] * turned.shape[1]
    if weight.ndim == 1:
        return weight, 1
    if layer.is_recurrent:
        turned = np.swapaxes(weight, 1, 2) if is_turned(layer) else weight
        return turned, weight.shape[0] * turned.shape[1]
    if layer.kind == "gemm":
        turns = bool(layer.attribute("transA" if layer.weight_first else "transB", 0))
        reduction_last = turns != layer.weight_first
    else:
        reduction_last = layer.weight_first
    turned = weight if reduction_last else np.swapaxes(weight, -1, -2)
    return turned, int(np.prod(turned.shape[:-1]))
