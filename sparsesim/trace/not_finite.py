"""Values that are NaN or infinity: they count as non-zero, and nobody would notice."""

from __future__ import annotations

from typing import Any

import numpy as np


def not_finite(tensor: Any) -> int:
    """How many values of a tensor are NaN or infinity; 0 of what holds no floats.

    One pass of BLAS says that there are none; only otherwise is anything counted.
    """
    if not isinstance(tensor, np.ndarray) or tensor.dtype.kind != "f":
        return 0
    flat = tensor.ravel(order="K")
    with np.errstate(all="ignore"):
        if flat.dtype != np.float16 and np.isfinite(np.dot(flat, flat)):
            return 0
    return int(flat.size - np.count_nonzero(np.isfinite(flat)))
