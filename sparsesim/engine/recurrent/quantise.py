"""Dynamic quantisation of a whole tensor to uint8, by ONNX's DynamicQuantizeLinear."""

from __future__ import annotations

import numpy as np

_LEVELS = np.float32(255)


def dynamic(x: np.ndarray) -> tuple[np.ndarray, np.float32, np.uint8]:
    """Values as uint8, their scale and their zero point; zero is in the range.

    Args:
        x: float32, any shape; of no elements or of zeros only the scale is 1.
    """
    low = np.float32(min(x.min(initial=0), 0))
    high = np.float32(max(x.max(initial=0), 0))
    scale = np.float32(1) if low == high else (high - low) / _LEVELS
    zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
    steps = np.rint(x / scale) + np.float32(zero)
    return np.clip(steps, 0, 255).astype(np.uint8), scale, zero
