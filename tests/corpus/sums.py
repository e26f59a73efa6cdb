"""Operators as plain NumPy sums, with the operands of each product laid out beside the result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def random(seed: int, *shape: int) -> np.ndarray:
    """Normal float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def integers(seed: int, low: int, high: int, *shape: int, kind=np.int8) -> np.ndarray:
    """Integers from low to high - 1."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(kind)


def holes(seed: int, array: np.ndarray, share: float) -> np.ndarray:
    """The array with a share of it zero."""
    keep = np.random.default_rng(seed).random(array.shape) >= share
    return (array * keep).astype(array.dtype)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def windows(
    x: np.ndarray, kernel: Sequence[int], pad: int = 0, stride: int = 1, groups: int = 1
) -> np.ndarray:
    """(groups, positions, K) of (images, channels, rows, columns); K ends in channels."""
    x = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    images, channels, height, width = x.shape
    each = channels // groups
    rows = range(0, height - kernel[0] + 1, stride)
    columns = range(0, width - kernel[1] + 1, stride)
    found = [
        [
            x[i, g * each : (g + 1) * each, r : r + kernel[0], c : c + kernel[1]]
            .transpose(1, 2, 0)
            .reshape(-1)
            for i in range(images)
            for r in rows
            for c in columns
        ]
        for g in range(groups)
    ]
    return np.array(found)


def filters(w: np.ndarray, groups: int = 1) -> np.ndarray:
    """(groups, filters, K) of (filters, channels, rows, columns)."""
    each = w.shape[0] // groups
    return w.transpose(0, 2, 3, 1).reshape(groups, each, -1)


def convolved(a: np.ndarray, w: np.ndarray, images: int, size: Sequence[int]) -> np.ndarray:
    """(images, filters, rows, columns) of the sums of `windows` and `filters`."""
    wide = a.astype(np.float64) if a.dtype.kind == "f" else a.astype(np.int64)
    sums = np.einsum("gpk,gmk->pgm", wide, w.astype(wide.dtype))
    sums = sums.reshape(images, *size, -1)
    return sums.transpose(0, 3, 1, 2)


def rows(x: np.ndarray) -> np.ndarray:
    """One group of all rows of a product's first operand."""
    return x.reshape(1, -1, x.shape[-1])


def columns(w: np.ndarray) -> np.ndarray:
    """The filters of a product's second operand, batch by batch: (groups, N, K)."""
    return np.swapaxes(w.reshape(-1, *w.shape[-2:]), -1, -2)


def requantised(sums: np.ndarray, factor, zero: int, kind=np.uint8) -> np.ndarray:
    """Integer sums scaled, rounded half to even, shifted and saturated, as ONNX says."""
    limit = np.iinfo(kind)
    scaled = np.rint(sums.astype(np.float32) * np.float32(factor)) + zero
    return np.clip(scaled, limit.min, limit.max).astype(kind)


def quantised(x: np.ndarray, scale: float, zero: int, kind=np.uint8) -> np.ndarray:
    """QuantizeLinear."""
    limit = np.iinfo(kind)
    return np.clip(np.rint(x / np.float32(scale)) + zero, limit.min, limit.max).astype(kind)


def dynamic(x: np.ndarray) -> tuple[np.ndarray, np.float32, int]:
    """DynamicQuantizeLinear: codes, scale, zero point."""
    low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
    scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255))
    zero = int(np.clip(np.rint(np.float32(0 - np.float32(low)) / scale), 0, 255))
    return np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8), scale, zero


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
