"""When passes load, compute and store: against a walk through them, one after another."""

from __future__ import annotations

import numpy as np

from sparsesim.memory.schedule import Overlap


def walked(loads, computes, stores, groups) -> tuple[list[int], list[int], list[int], int]:
    """Starts of loads, work and stores, and the end, by the rule of docs/model.md in plain Python.

    While a pass computes, the next one of its group is loaded, then the one before is stored.
    """
    passes = len(groups)
    load_starts, compute_starts, store_starts = ([0] * passes for _ in range(3))
    now = 0
    for k in range(passes):
        begins = k == 0 or groups[k] != groups[k - 1]
        ends = k + 1 == passes or groups[k] != groups[k + 1]
        if begins:
            load_starts[k] = now
            now += loads[k]
        compute_starts[k] = port = now
        if not ends:
            load_starts[k + 1] = port
            port += loads[k + 1]
        if not begins:
            store_starts[k - 1] = port
            port += stores[k - 1]
        now = max(now + computes[k], port)
        if ends:
            store_starts[k] = now
            now += stores[k]
    return load_starts, compute_starts, store_starts, now


def overlapped(loads, computes, stores, groups) -> Overlap:
    groups = np.array(groups, np.int64)
    changes = groups[1:] != groups[:-1]
    opens, closes = np.append(True, changes), np.append(changes, True)
    arrays = (np.array(part, np.int64) for part in (loads, computes, stores))
    return Overlap(*arrays, opens[: len(groups)], closes[: len(groups)])


def test_a_walk_finds_the_same_starts_and_the_same_end():
    random = np.random.default_rng(7)
    for _ in range(3000):
        passes = int(random.integers(1, 13))
        most = random.choice([1, 3, 50], 3)  # either side may bound, and much takes no time
        parts = [random.integers(0, top, passes, endpoint=True).tolist() for top in most]
        groups = np.cumsum(random.random(passes) < random.choice([0.0, 0.3, 1.0])).tolist()
        found = overlapped(*parts, groups)
        starts = [part.tolist() for part in found.starts()]
        assert (*starts, found.total_cycles) == walked(*parts, groups)


def test_no_passes():
    found = overlapped([], [], [], [])
    assert found.total_cycles == 0 and [len(part) for part in found.starts()] == [0, 0, 0]
