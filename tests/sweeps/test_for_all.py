"""One array for all networks against brute force."""

from __future__ import annotations

from math import inf, nan, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sweeps import small

from sparsesim.spec import Accelerator
from sparsesim.sweeps.for_all import best_for_all
from sparsesim.sweeps.point import Point, Workload
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.store import Row
from sparsesim.sweeps.table import Table

NETWORKS, MAPS, ROWS = ("a", "b"), ("none", "map"), (1, 2, 3, 4)


@st.composite
def measured(draw):
    """Some points of two networks with two maps on four arrays."""
    rows = []
    for network in NETWORKS:
        for name in MAPS:
            for height in ROWS:
                if draw(st.booleans()):
                    continue
                point = Point(
                    Workload(network, 1, "first", name), "xczu9eg", Accelerator(rows=height)
                )
                ms = draw(st.sampled_from([0.5, 1.0, 2.0, 3.0]))
                metrics = {"ms": ms, "speedup": ms, "lut": 100.0 * height}
                rows.append(Row(point.key, "", point.parameters, metrics, "", 0.1))
    return rows


def found_by_hand(rows, metric, pick):
    """(mean, lut) of arrays on the front."""
    arrays = {}
    for height in ROWS:
        best = []
        for network in NETWORKS:
            mine = [
                row.metrics[metric]
                for row in rows
                if row.parameters["network"] == network and row.parameters["rows"] == height
            ]
            if mine:
                best.append(pick(mine))
        if len(best) == len(NETWORKS):
            arrays[100.0 * height] = prod(best) ** (1 / len(best))
    sign = 1 if pick is min else -1
    return {
        (round(mean, 9), lut)
        for lut, mean in arrays.items()
        if not any(
            (sign * other, cost) != (sign * mean, lut)
            and sign * other <= sign * mean
            and cost <= lut
            for cost, other in arrays.items()
        )
    }


@given(measured())
@pytest.mark.parametrize(("metric", "pick"), [("ms", min), ("speedup", max)])
def test_arrays_are_those_of_brute_force(metric, pick, rows):
    spec = small(objectives=[metric, "lut"])
    result = SweepResult(spec, Table.of(rows), 0, 0, {}, {}, {})
    present = {row.parameters["network"] for row in rows}
    found = best_for_all(result)
    expected = found_by_hand(rows, metric, pick) if len(present) == 2 else set()
    assert {(round(one.mean, 9), one.rows[0].metrics["lut"]) for one in found} == expected
    means = [one.mean for one in found]
    assert means == sorted(means, reverse=pick is max)
    for one in found:
        assert [row.parameters["network"] for row in one.rows] == sorted(
            NETWORKS, key=[row.parameters["network"] for row in rows].index
        )
        assert len({row.parameters["rows"] for row in one.rows}) == 1


@pytest.mark.parametrize("value", [0.0, -1.0, nan, inf])
def test_what_has_no_geometric_mean_has_no_table(value):
    rows = []
    for network, ms in (("a", 1.0), ("b", value)):
        point = Point(Workload(network, 1, "first", "none"), "xczu9eg", Accelerator())
        rows.append(Row(point.key, "", point.parameters, {"ms": ms, "lut": 1.0}, "", 0.1))
    result = SweepResult(small(), Table.of(rows), 0, 0, {}, {}, {})
    found = best_for_all(result)
    assert found == () or (value == inf and np.isinf(found[0].mean))
