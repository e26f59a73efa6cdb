"""Statistics over images: percentiles of cycles, and an interval of the speedup."""

from __future__ import annotations

import numpy as np

from sparsesim.result.model import ImageStatistics, Interval

RESAMPLES = 2000
LEVEL = 0.95


def image_statistics(cycles: np.ndarray) -> ImageStatistics:
    """Statistics of total cycles an image.

    Args:
        cycles: of each image; of one among several in a run its share. Shape (images,), 1 or more.
    Returns:
        percentiles are by linear interpolation between ranks.
    """
    p50, p95, p99 = np.percentile(cycles, [50, 95, 99])
    worst = int(np.argmax(cycles))
    return ImageStatistics(
        mean=float(cycles.mean()),
        p50=float(p50),
        p95=float(p95),
        p99=float(p99),
        worst=float(cycles[worst]),
        worst_image=worst,
    )


def speedup_interval(dense: np.ndarray, sparse: np.ndarray, seed: int) -> Interval | None:
    """A percentile bootstrap of sum(dense) / sum(sparse) over runs; None below two runs.

    Args:
        dense, sparse: total cycles a run, int64, shape (runs,): an image, or those side by side.
        seed: of the resampling.
    """
    if len(dense) < 2:
        return None
    draws = np.random.default_rng(seed).integers(0, len(dense), (RESAMPLES, len(dense)))
    ratios = dense[draws].sum(axis=1) / sparse[draws].sum(axis=1)
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(ratios, [edge, 1 - edge])
    return Interval(low=float(low), high=float(high), level=LEVEL, resamples=RESAMPLES, seed=seed)
