"""Running from a change on gives what running everything gives, and runs no more than it must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_models import labelled, loaded

from sparsesim.engine.run import Engine
from sparsesim.graph.quantize import quantize
from sparsesim.search.change import Change, activation_threshold, with_weight_threshold
from sparsesim.search.replay import Replay
from sparsesim.sparsity import Thresholds, sparsify

LAYERS = ("block/conv1", "block/conv2", "block/shortcut", "fc")


def outputs_of(graph, feed):
    return Engine(graph).run(feed)[0]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 5),
    weights=st.dictionaries(st.sampled_from(LAYERS), st.floats(0.01, 0.6), max_size=3),
    activations=st.dictionaries(st.sampled_from(LAYERS[:3]), st.floats(0.01, 0.9), max_size=3),
    integers=st.booleans(),
)
def test_a_replay_is_the_sparsified_graph(seed, weights, activations, integers):
    graph = loaded(seed)
    feeds = list(labelled(graph, seed, 4).feeds())
    if integers:
        graph = quantize(graph, iter(feeds))
    feed = {"x": np.concatenate([feed["x"] for feed in feeds])}
    thresholds = Thresholds(weights=weights, activations=activations)
    expected = outputs_of(sparsify(graph, thresholds), feed)
    replay = Replay(graph)
    outputs = [graph.layer(name).output for name in activations]
    route = replay.behind(weights, outputs)
    change = Change(
        {n: with_weight_threshold(graph, graph.layer(n), t, graph) for n, t in weights.items()},
        {
            graph.layer(n).output: activation_threshold(graph, graph.layer(n), t)
            for n, t in activations.items()
        },
    )
    _, kept = replay.base(feed, {*route.needs, *outputs, *graph.outputs})
    got = replay.run(kept, route, change)[0]
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
    whole = replay.run(feed, replay.whole(), change)[0]
    np.testing.assert_array_equal(whole, got)


def test_only_what_lies_behind_is_run():
    replay = Replay(loaded(0))
    names = [getattr(step, "name", "host") for step in replay.graph.steps]
    route = replay.behind(["block/conv2"], [])
    assert [names[i] for i in route.steps] == ["block/conv2", "host", "fc"]
    assert len(route.needs) == 2  # its own input, and the shortcut's output for the sum
    assert replay.behind(["fc"], []).steps == (names.index("fc"),)
    behind = replay.behind([], [replay.graph.layer("block/shortcut").output])
    assert [names[i] for i in behind.steps] == ["host", "fc"]


def test_what_is_kept_stays_as_it_was():
    graph = loaded(1)
    replay = Replay(graph)
    feed = next(labelled(graph, 1, 1).feeds())
    route = replay.behind(["block/conv1"], [])
    _, kept = replay.base(feed, route.needs)
    before = {name: array.copy() for name, array in kept.items()}
    runner = with_weight_threshold(graph, graph.layer("block/conv1"), 0.2, graph)
    first = replay.run(kept, route, Change({"block/conv1": runner}))[0].copy()
    again = replay.run(kept, route, Change({"block/conv1": runner}))[0]
    np.testing.assert_array_equal(first, again)
    for name, array in kept.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("limit", [0.0, 0.25])
def test_the_edge_is_zero(limit):
    graph = loaded(2)
    threshold = activation_threshold(graph, graph.layer("block/conv1"), limit)
    values = np.array([-0.25, -0.2, 0.0, -0.0, 0.25, 0.26], np.float32)
    kept = np.abs(values) > limit
    np.testing.assert_array_equal(threshold.apply(values), np.where(kept, values, 0))
