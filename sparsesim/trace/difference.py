"""How far the outputs of two executions are apart."""

from __future__ import annotations

from typing import Any

import numpy as np


def relative_error(after: Any, before: Any) -> float:
    """The largest |difference| of an output as a share of the range of `before`.

    The range is that of its finite values, and 1 where it has none. The error is 1, too, where
    only one of two elements is finite, and where outputs without numbers (strings) differ, or
    their shapes. Of a sequence it is the largest of any element.
    """
    if isinstance(before, list):
        if len(after) != len(before):
            return 1.0
        pairs = zip(after, before, strict=True)
        return max((relative_error(a, b) for a, b in pairs), default=0.0)
    if not is_numbers(before) or after.shape != before.shape:
        return 0.0 if np.array_equal(after, before) else 1.0
    a, b = after.astype(np.float64), before.astype(np.float64)
    finite = b[np.isfinite(b)]
    spread = (float(np.ptp(finite)) if finite.size else 0.0) or 1.0
    with np.errstate(invalid="ignore"):  # infinity less infinity
        apart = np.asarray(np.abs(a - b))  # of scalars NumPy gives a number
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
    apart[~np.isfinite(apart)] = spread
    return float(apart.max(initial=0.0)) / spread


def is_numbers(output: Any) -> bool:
    """Whether an output is an array of real numbers."""
    return isinstance(output, np.ndarray) and output.dtype.kind not in "OSUc"
