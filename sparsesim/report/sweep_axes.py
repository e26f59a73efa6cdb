"""Axes of a sweep's charts."""

from __future__ import annotations

import altair as alt
import numpy as np
from numpy.typing import NDArray

from sparsesim.sweeps.metrics import METRICS


def titled(metric: str) -> str:
    """A metric with its unit where its name lacks it: `dram_bytes`, `images_per_s (images/s)`."""
    unit = METRICS[metric].unit
    return metric if unit.lower() in metric else f"{metric} ({unit})"


def axis_scale(numbers: NDArray[np.float64]) -> alt.Scale:
    """Logarithmic where the largest is over four times the smallest, and none is 0 or below.

    Its ends lie just beyond the values: whole decades would leave most of a chart empty.
    """
    found = numbers[~np.isnan(numbers)]
    low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 1.0)
    if low > 0 and high > 4 * low:
        return alt.Scale(type="log", domain=[low / 1.15, high * 1.15], nice=False)
    edge = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    return alt.Scale(domain=[low - edge, high + edge], nice=False, zero=False)
