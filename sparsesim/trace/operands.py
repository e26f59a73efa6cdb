"""Packing operands in the order of the lowering: see `sparsesim.lowering.Geometry`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsesim.engine import kernels
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.recurrent.weights import rows_first, zeros_of
from sparsesim.engine.threads import each, ranges, thread_count
from sparsesim.engine.weights import weight_zero
from sparsesim.graph import Layer
from sparsesim.lowering.bits import pack, word_count

# Below a million elements packing takes less time than handing half of them to another thread.
_SMALL = 1 << 20


def pack_activation(
    runner: LayerRunner, x: np.ndarray, weight: tuple[int, ...], zero
) -> np.ndarray:
    """Bits of a layer's activation operand; `zero` is a scalar of its type.

    A batched product's operand is packed as it multiplies: once for each index of the batch.
    """
    layer = runner.layer
    if layer.kind in ("conv", "conv_transpose"):
        return pack_channels(x, zero)
    if layer.is_recurrent:
        return pack_in_order(x, zero) if np.ndim(zero) == 0 else pack(x != zero)
    grouped = runner.geometry(x.shape, weight).groups > 1
    if turned(layer, "activation") and x.ndim > 1:
        x = np.swapaxes(x, -1, -2)
    return pack_in_order(_batched(x, weight) if grouped else x, zero)


def pack_weight(runner: LayerRunner, tensors: Mapping[str, np.ndarray], x_shape) -> np.ndarray:
    """Bits of a layer's weight operand, [groups][filters][K] flat."""
    layer = runner.layer
    w = tensors[layer.weight]
    if layer.is_recurrent:
        return pack(rows_first(layer, w) != zeros_of(layer, tensors))
    zero = weight_zero(layer, tensors, w.ndim)
    mask = np.asarray(w != (0 if zero is None else zero))
    if layer.kind == "conv":
        return pack(np.moveaxis(mask, 1, -1))
    if layer.kind == "conv_transpose":
        groups = layer.attribute("group", 1)
        grouped = mask.reshape(groups, mask.shape[0] // groups, *mask.shape[1:])
        flipped = np.flip(grouped, axis=tuple(range(3, grouped.ndim)))
        return pack(np.moveaxis(flipped, 1, -1))
    geometry = runner.geometry(x_shape, w.shape)
    if turned(layer, "weight") and mask.ndim > 1:
        mask = np.swapaxes(mask, -1, -2)
    return pack(_batched(mask, x_shape) if geometry.groups > 1 else mask)


def stored_groups(
    runner: LayerRunner, weight: tuple[int, ...], x_shape: tuple[int, ...]
) -> tuple[int, ...]:
    """The groups that hold each weight of a batched product once, in the order as stored; empty
    where no weight is repeated."""
    if runner.layer.kind != "matmul" or runner.geometry(x_shape, weight).groups == 1:
        return ()
    own = weight[:-2]
    numbers = np.arange(int(np.prod(own, dtype=np.int64))).reshape(own)
    repeated = np.broadcast_to(numbers, np.broadcast_shapes(own, x_shape[:-2])).reshape(-1)
    first = np.unique(repeated, return_index=True)[1]
    return () if first.size == repeated.size else tuple(first.tolist())


def pack_output(layer: Layer, y: np.ndarray, zero) -> np.ndarray:
    """Bits of the tensor behind a layer, position-major, channel fastest."""
    if layer.kind in ("conv", "conv_transpose"):
        return pack_channels(y, zero)
    return pack_in_order(np.swapaxes(y, -1, -2) if layer.weight_first and y.ndim > 1 else y, zero)


def turned(layer: Layer, role: str) -> bool:
    """Is an operand of a product stored K first, against the order of the lowering?"""
    first = (role == "weight") == layer.weight_first
    if layer.kind == "gemm":
        return bool(layer.attribute("transA" if first else "transB", 0)) == first
    return not first


def pack_channels(x: np.ndarray, zero) -> np.ndarray:
    """Bits of (batch, channels, ...) as pixels with their channels fastest."""
    x, zero = _comparable(x, zero)
    channels = x.shape[1]
    if x.shape[0] == 1:
        planes = x.reshape(channels, -1)
    else:
        planes = np.moveaxis(x, 1, 0).reshape(channels, -1)
    planes = np.ascontiguousarray(planes)
    words = np.zeros(word_count(x.size), dtype=np.uint64)
    pixels = planes.shape[1]
    parts = 1 if x.size < _SMALL else thread_count()
    each(
        lambda i, j: kernels.pack_pixels(planes, zero, i, j, words),
        ranges(pixels, parts, 64),  # 64 pixels end on a word, whatever the channels
    )
    return words


def pack_in_order(x: np.ndarray, zero) -> np.ndarray:
    """Bits of an array in C order."""
    x, zero = _comparable(x, zero)
    words = np.zeros(word_count(x.size), dtype=np.uint64)
    kernels.pack_flat(np.ascontiguousarray(x).reshape(-1), zero, words)
    return words


def _batched(x: np.ndarray, other: tuple[int, ...]) -> np.ndarray:
    """An operand of a product, repeated along the batch that it makes with the other's shape."""
    rows = x if x.ndim > 1 else x.reshape(1, -1)
    batch = np.broadcast_shapes(rows.shape[:-2], other[:-2])
    return np.broadcast_to(rows, (*batch, *rows.shape[-2:]))


def _comparable(x: np.ndarray, zero) -> tuple[np.ndarray, Any]:
    """The array and its zero as kernels take them: not every type of ONNX is one of Numba's."""
    if x.dtype.kind in "biuf" and x.dtype != np.float16:
        return x, zero
    return np.asarray(x != zero), np.bool_(False)
