"""Fitting: non-negative least squares on relative errors. It knows nothing of areas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit_relative(features: Floats, values: Floats, scale: Floats) -> Floats:
    """Weights of features, none below 0, with the least squared errors.

    Args:
        features: shape (points, features), 0 or more.
        values: shape (points,).
        scale: shape (points,), above 0: errors are divided by it.
    Returns:
        shape (features,).
    """
    units = np.maximum(np.abs(features).max(axis=0), 1.0)  # columns of a like size
    return non_negative(features / units / scale[:, None], values / scale) / units


def non_negative(matrix: Floats, target: Floats) -> Floats:
    """The x >= 0 with the least |matrix x - target|.

    Source: Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    count = matrix.shape[1]
    free = np.zeros(count, dtype=bool)
    found = np.zeros(count)
    for _ in range(3 * count):
        gradient = matrix.T @ (target - matrix @ found)
        gradient[free] = -np.inf
        if free.all() or gradient.max() <= 1e-10:
            break
        free[np.argmax(gradient)] = True
        while True:
            trial = np.zeros(count)
            trial[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            negative = free & (trial <= 0)
            if not negative.any():
                found = trial
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                steps = np.where(negative, found / (found - trial), np.inf)
            found = found + min(1.0, float(np.nanmin(steps))) * (trial - found)
            free &= found > 1e-12
            found[~free] = 0.0
            if not free.any():
                break
    return found
