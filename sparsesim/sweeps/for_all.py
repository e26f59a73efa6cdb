"""One array for several networks: what each array of a sweep makes of all of them together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sparsesim.sweeps.front import front
from sparsesim.sweeps.metrics import METRICS, STATIC
from sparsesim.sweeps.point import Workload
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.spec import IMAGES
from sparsesim.sweeps.store import Row


@dataclass(frozen=True)
class ForAll:
    """An array on a device.

    Attributes:
        mean: geometric mean over the networks of the sweep's first objective.
        rows: its best point of each network, in the sweep's order.
    """

    mean: float
    rows: tuple[Row, ...]


def cost_of(result: SweepResult) -> str:
    """What an array costs: the first objective that is a resource, else `lut`."""
    return next((name for name in result.spec.objectives if name in STATIC), "lut")


def best_for_all(result: SweepResult) -> tuple[ForAll, ...]:
    """The best trade-offs of arrays that have an answer for every network, the best mean first.

    Of a network's points on an array, with several thresholds say, the best in the first objective
    counts; networks on other images count as other networks.

    Returns:
        arrays that no other one beats in the mean or the cost and equals in both; none where the
        sweep has one network, or an objective that is 0 or below.
    """
    answers, metric = result.answers, result.spec.objectives[0]
    if not len(answers) or metric in STATIC:
        return ()
    values = answers.metric(metric)
    networks = _numbered(np.stack([answers.parameter(name).codes for name in IMAGES]))
    workload = {one.name for one in fields(Workload)}
    names = [name for name in answers.table.parameters if name not in workload]
    arrays = _numbered(np.stack([answers.parameter(name).codes for name in names]))
    count = int(networks.max()) + 1
    if count == 1 or not (values > 0).all():
        return ()
    less = METRICS[metric].better == "less"
    best = np.full((int(arrays.max()) + 1, count), -1)
    for index in np.argsort(-values if less else values, kind="stable"):  # the best comes last
        best[arrays[index], networks[index]] = index
    whole = best[(best >= 0).all(axis=1)]
    if not len(whole):
        return ()
    means = np.exp(np.log(values[whole]).mean(axis=1))
    costs = answers.metric(cost_of(result))[whole[:, 0]]
    kept = front(np.stack([means, costs], axis=1), [METRICS[metric].better, "less"])
    kept = kept[np.argsort(means[kept] if less else -means[kept], kind="stable")]
    return tuple(
        ForAll(float(means[one]), tuple(answers[int(index)] for index in whole[one]))
        for one in kept
    )


def _numbered(codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """A number for each different column, in the order in which they come."""
    _, first, back = np.unique(codes, axis=1, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[back.reshape(-1)]
