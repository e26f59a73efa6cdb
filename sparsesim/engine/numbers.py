"""How a layer's operands become floats that multiply exactly.

Integers are kept in float32 where every partial sum stays below 2^24, else in float64 (below
2^53): both are exact, and BLAS multiplies them.
"""

from __future__ import annotations

import numpy as np

_EXACT_FLOAT32 = 1 << 24


def float_type(kind: np.dtype) -> np.dtype:
    """The type in which a float tensor of this type is multiplied: float16 in float32."""
    return np.dtype(np.float64 if kind == np.float64 else np.float32)


def shifted(integers: np.ndarray, zero: np.ndarray | None, target: np.dtype) -> np.ndarray:
    """Integers with their zero point subtracted, as floats; zero broadcasts."""
    values = integers.astype(target)
    if zero is not None and zero.any():
        values -= zero.astype(target)
    return values


def exact_type(longest: float, zero: np.ndarray | None, kind: np.dtype) -> np.dtype:
    """The narrowest float type in which every partial sum of a layer is exact.

    Args:
        longest: the largest sum of weight magnitudes that meets one output.
        zero: the activation's zero point, or None where it is computed while running.
        kind: the activation's integer type.
    Returns:
        float32 or float64.
    """
    low, high = type_range(kind)
    if zero is None:
        reach = high - low
    else:
        at = int(zero.reshape(-1)[0])
        reach = max(high - at, at - low)
    return np.dtype(np.float32 if longest * reach < _EXACT_FLOAT32 else np.float64)


def type_range(kind: np.dtype) -> tuple[int, int]:
    """The least and greatest value of an integer type, those below a byte among them."""
    name = str(kind)
    if name in ("int4", "uint4"):
        return (-8, 7) if name == "int4" else (0, 15)
    info = np.iinfo(kind)
    return int(info.min), int(info.max)
