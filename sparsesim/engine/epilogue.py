"""The operators fused behind a layer, and how numbers are quantised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sparsesim import elementwise
from sparsesim.engine.threads import each, ranges, thread_count
from sparsesim.graph import Fused

_CHUNK = 1 << 16


def clamp_of(chain: Sequence[Fused]) -> tuple[float, float, int]:
    """The clamp that leads a chain (Relu, Clip), and how many operators it stands for."""
    low, high, count = -np.inf, np.inf, 0
    for fused in chain:
        if fused.op == "Relu":
            low, high = max(low, 0.0), max(high, 0.0)
        elif fused.op == "Clip":
            least, most = fused.numbers
            low, high = min(max(low, least), most), min(max(high, least), most)
        else:
            break
        count += 1
    return low, high, count


def apply_chain(
    x: np.ndarray, chain: Sequence[Fused], tensors: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Apply fused operators in order.

    Args:
        x: floats, or integers where the chain starts by dequantising; may be overwritten.
        chain: the operators.
        tensors: quantisers' scales and zero points by name.
    Returns:
        the tensor behind the chain.
    """
    for fused in chain:
        if fused.op == "DequantizeLinear":
            scale, zero = _quantiser(fused, tensors)
            x = (x.astype(np.int32) - np.int32(zero)).astype(np.float32) * scale
        elif fused.op == "QuantizeLinear":
            scale, zero = _quantiser(fused, tensors)
            x = quantised(x, scale, zero)
        else:
            _in_place(x, fused)
    return x


def quantised(x: np.ndarray, scale: np.float32, zero: np.integer) -> np.ndarray:
    """QuantizeLinear: x / scale rounded half to even, + zero, saturated to the type of zero."""
    return saturated(x.astype(np.float32, copy=False) / scale, zero)


def saturated(steps: np.ndarray, zero: np.integer) -> np.ndarray:
    """Float32 steps rounded half to even, + zero, saturated to the type of zero."""
    info = np.iinfo(zero.dtype)
    whole = np.rint(steps) + np.float32(zero)
    return np.clip(whole, info.min, info.max).astype(zero.dtype)


def _quantiser(fused: Fused, tensors: Mapping[str, np.ndarray]) -> tuple[np.float32, np.integer]:
    scale = tensors[fused.scale].reshape(-1)[0]
    zero = tensors[fused.zero].reshape(-1)[0] if fused.zero else np.uint8(0)
    return scale, zero


def _in_place(x: np.ndarray, fused: Fused) -> None:
    kernel = elementwise.find(fused.op).kernel_
    numbers = np.array(fused.numbers, dtype=np.float64)
    flat = x.reshape(-1)
    parts = min(2 * thread_count(), -(-flat.size // _CHUNK))
    each(lambda i, j: kernel(flat[i:j], numbers), ranges(flat.size, parts))
