"""The joint search against brute force over all combinations, on small classifiers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_models import labelled, loaded

from sparsesim.engine.run import Engine
from sparsesim.search.cost import Cost
from sparsesim.search.exchange import pack
from sparsesim.search.grid import Grid
from sparsesim.search.images import two_parts
from sparsesim.search.searching import SearchSpec, find_thresholds
from sparsesim.sparsity import Thresholds, sparsify
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import DEFAULT_DEVICE

SPEC = SearchSpec(
    by="layer",
    grid=Grid("quantiles", 3),
    objective="cycles",
    accelerator=Accelerator(rows=2, cols=2, window=4),
    cycle_images=2,
)


def right_answers(graph, inputs) -> int:
    engine = Engine(graph)
    answers = [int(engine.run(feed)[0].argmax()) for feed in inputs.feeds()]
    return sum(a == b for a, b in zip(answers, inputs.labels, strict=True))


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_it_keeps_what_it_must_and_comes_close_to_the_best(seed):
    graph = loaded(seed)
    first, second = two_parts(labelled(graph, seed, 60))
    found = find_thresholds(graph, first, second, SPEC)
    joint = found.result.joint
    assert joint.exchanged == right_answers(found.graph, first) >= joint.needed
    assert joint.layerwise == joint.needed
    assert joint.exchanged_test == right_answers(found.graph, second) == found.result.test.together
    assert joint.exchanged_cycles["two_sided"] == found.result.cycles["two_sided"]
    # Brute force: 4 layers, 3 thresholds or none each.
    layers = [unit.name for unit in found.result.units]
    grids = [(0.0, *unit.grid) for unit in found.result.units]
    images = second.__class__(2, second.labels[:2], "two", False, second.stream)
    cost = Cost(graph, graph, images, SPEC.accelerator, Device.named(DEFAULT_DEVICE))
    best = cycles_of(cost, Thresholds())
    for limits in product(*grids):
        rules = Thresholds(weights=dict(zip(layers, limits, strict=True)))
        if right_answers(sparsify(graph, rules), first) >= joint.needed:
            best = min(best, cycles_of(cost, rules))
    dense = found.result.cycles_before["two_sided"]
    layerwise = joint.layerwise_cycles["two_sided"]
    got = joint.exchanged_cycles["two_sided"]
    assert best <= got <= layerwise <= dense
    assert dense - got >= 0.75 * (dense - best)  # a heuristic: 100, 77 and 100 % here


def cycles_of(cost: Cost, thresholds: Thresholds) -> float:
    return cost.of(thresholds, {}).total["two_sided"]


def test_spend_sets_what_must_be_kept():
    graph = loaded(2)
    first, second = two_parts(labelled(graph, 2, 100))
    spec = SearchSpec(by="layer", grid=Grid("quantiles", 4), objective="cycles", spend=0.9)
    found = find_thresholds(graph, first, second, spec).result
    assert found.joint.needed == -(-9 * found.search.baseline // 10)
    assert found.joint.exchanged >= found.joint.needed


def test_packing_by_hand():
    # Two units, allowance 3: cost 2 + 1 saves 9; 3 of the first alone saves 8.
    options = [[(0, 2, 5.0), (1, 3, 8.0)], [(0, 1, 4.0), (1, 2, 4.5)]]
    assert pack(options, 3) == (0, 0)
    assert pack(options, 2) == (0, -1)
    assert pack(options, 0) == (-1, -1)
    assert pack(options, 5) == (1, 1)


@given(
    options=st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 20)), max_size=4),
        min_size=1,
        max_size=4,
    ),
    allowance=st.integers(0, 15),
)
def test_packing_is_the_best_of_all(options, allowance):
    named = [[(k, cost, float(saved)) for k, (cost, saved) in enumerate(u)] for u in options]
    with_none = [[(-1, 0, 0.0), *unit] for unit in named]
    within = [c for c in product(*with_none) if sum(cost for _, cost, _ in c) <= allowance]
    at = pack(named, allowance)
    chosen = [next(o for o in unit if o[0] == k) for unit, k in zip(with_none, at, strict=True)]
    assert sum(cost for _, cost, _ in chosen) <= allowance
    assert sum(s for _, _, s in chosen) == max(sum(s for _, _, s in c) for c in within)
