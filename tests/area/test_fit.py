"""Non-negative least squares against the definition: the best over all choices of free weights."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sparsesim.area.fit import fit_relative, non_negative


def by_trying_all(matrix, target):
    """The least error of any subset whose own least squares are not negative."""
    best = np.linalg.norm(target)
    for size in range(1, matrix.shape[1] + 1):
        for free in combinations(range(matrix.shape[1]), size):
            part = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            if (part >= 0).all():
                best = min(best, np.linalg.norm(matrix[:, free] @ part - target))
    return best


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_least_of_all(seed):
    draw = np.random.default_rng(seed)
    matrix, target = draw.normal(size=(12, 6)), draw.normal(size=12)
    if seed % 3 == 0:
        matrix[:, 5] = matrix[:, 4]  # two features that say the same
    if seed % 3 == 1:
        matrix[:, 2] = 0
    found = non_negative(matrix, target)
    assert (found >= 0).all()
    error = np.linalg.norm(matrix @ found - target)
    assert error == pytest.approx(by_trying_all(matrix, target), abs=1e-7)


def test_exact_weights_are_found_again():
    draw = np.random.default_rng(1)
    features = draw.integers(0, 1000, (20, 4)).astype(float)
    values = features @ [3.0, 0.0, 0.25, 7.0]
    assert fit_relative(features, values, values) == pytest.approx([3.0, 0.0, 0.25, 7.0])


def test_large_values_count_no_more_than_small_ones():
    # One weight for two points that disagree: 10 and 1000. Halfway in relative terms means
    # minimising (w/10 - 1)^2 + (50w/1000 - 1)^2: w (1/100 + 1/400) = 1/10 + 1/20, so w = 12.
    features, values = np.array([[1.0], [50.0]]), np.array([10.0, 1000.0])
    assert fit_relative(features, values, values) == pytest.approx([12.0])
