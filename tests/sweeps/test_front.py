"""The front against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.sweeps.front import front


def dominates(a, b, better) -> bool:
    costs = [
        (x, y) if word == "less" else (-x, -y) for x, y, word in zip(a, b, better, strict=True)
    ]
    return all(x <= y for x, y in costs) and any(x < y for x, y in costs)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.integers(0, 6), min_size=n, max_size=n), min_size=0, max_size=30),
            st.lists(st.sampled_from(["less", "more"]), min_size=n, max_size=n),
        )
    )
)
def test_the_front_is_that_of_brute_force(case):
    points, better = case
    wanted = [
        i
        for i, point in enumerate(points)
        if not any(dominates(other, point, better) for other in points)
    ]
    values = np.array(points, dtype=np.float64).reshape(-1, len(better))
    assert front(values, better).tolist() == wanted


def test_a_point_without_a_number_is_the_worst():
    values = np.array([[1.0, np.nan], [2.0, 5.0], [1.0, 7.0]])
    assert front(values, ["less", "less"]).tolist() == [1, 2]
    assert front(values, ["less", "more"]).tolist() == [2]
