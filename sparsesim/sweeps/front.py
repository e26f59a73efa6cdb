"""The best trade-offs: points that no other point beats in one objective and equals in all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def front(values: NDArray[np.float64], better: Sequence[str]) -> NDArray[np.int64]:
    """The points that no other dominates.

    Args:
        values: float64, shape (points, objectives); a NaN is the worst there is.
        better: `less` or `more` for each objective.
    Returns:
        int64 indices, rising; of equal points all.
    """
    signs = np.array([1.0 if word == "less" else -1.0 for word in better])
    costs = np.where(np.isnan(values), np.inf, values * signs)
    # Sorted by all objectives, only points before one can dominate it.
    order = np.lexsort(costs.T[::-1])
    kept: list[int] = []
    best = np.empty_like(costs)  # of those kept, in the first rows
    for index in order:
        cost = costs[index]
        others = best[: len(kept)]
        beaten = (others <= cost).all(axis=1) & (others < cost).any(axis=1)
        if not beaten.any():
            best[len(kept)] = cost
            kept.append(int(index))
    return np.array(sorted(kept), dtype=np.int64)
