"""Reordering by work: what it gains is counted on the reordered network, and saved as such."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from tuning_models import feeds, integers, model, node

import sparsesim as ss
from sparsesim.inputs.memory import feed_memory
from sparsesim.trace.execute import input_specs
from sparsesim.tuning.balance import balance, work_of
from sparsesim.tuning.rules import find_channels

SMALL = ss.Accelerator(rows=4, cols=4, window=8, queue_depth=2)


def unlike(seed: int, dense: bool = False) -> tuple[ss.Graph, dict[str, np.ndarray]]:
    """Two convolutions and a product, their filters of unlike density and badly dealt."""
    random = np.random.default_rng(seed)

    def filters(*shape: int) -> np.ndarray:
        weight = integers(random, shape, 1.0)
        density = np.resize([0.05, 1.0, 0.4], shape[0]).reshape(-1, *[1] * (len(shape) - 1))
        return weight if dense else weight * (random.random(shape) < density)

    constants = {
        "w1": filters(16, 3, 3, 3),
        "w2": filters(12, 16, 3, 3),
        "w3": filters(10, 12 * 16).T.copy(),
        "w4": integers(random, (10, 3), 0.5),
    }
    nodes = [
        node("Conv", "x w1", "c1", pads=[1] * 4),
        node("Relu", "c1", "r1"),
        node("Conv", "r1 w2", "c2", pads=[1] * 4),
        node("Relu", "c2", "r2"),
        node("Flatten", "r2", "f"),
        node("MatMul", "f w3", "m"),
        node("Relu", "m", "r3"),
        node("MatMul", "r3 w4", "y"),
    ]
    made = model(nodes, {"x": (1, 3, 4, 4)}, ["y"], constants)
    graph = ss.load(made)
    return graph, feeds(made, seed, 6, 0.7)


def balanced(graph: ss.Graph, feed, machine: ss.Accelerator = SMALL, **more):
    return balance(graph, feed_memory(feed, input_specs(graph)), machine, **more)


@pytest.mark.parametrize(
    "machine",
    [
        SMALL,
        SMALL.with_(skipping="weight", feed_latency=2, lanes=2),
        SMALL.with_(batch=2, weight_buffer_kib=0.5),
    ],
)
def test_what_is_told_is_an_estimate_of_the_reordered_network(machine):
    graph, feed = unlike(1)
    found, reordered, trace = balanced(graph, feed, machine)
    scheme = machine.skipping
    before, after = (ss.estimate(ss.execute(g, feed), machine) for g in (graph, reordered))
    assert found.is_kept and found.gain > 1.1 and found.reordered == 3
    assert found.total_before == before.totals.cycles[scheme].total
    assert found.total_after == after.totals.cycles[scheme].total
    assert found.compute_after == after.totals.cycles[scheme].compute
    for layer, old, new in zip(found.layers, before.layers, after.layers, strict=True):
        assert layer.name == old.name == new.name
        assert layer.total_before == old.cycles[scheme].total
        assert layer.total_after == new.cycles[scheme].total
        assert layer.compute_before == old.cycles[scheme].compute
        assert layer.compute_after == new.cycles[scheme].compute
    assert found.layers[-1].why == "the model's output 'y'"
    assert found.effectual_before == found.effectual_after == after.totals.effectual_macs
    assert before.totals.effectual_macs == found.effectual_before
    assert found.output_difference == 0
    assert trace.source.rewrites == ("filters of 3 layers reordered by their work",)


def test_filters_of_one_tile_have_like_work():
    graph, feed = unlike(2)
    found, _, trace = balanced(graph, feed)
    for layer in trace.layers[:3]:
        work = work_of(trace, layer)
        word = {one.name: one.order for one in found.layers}[layer.name]
        assert word in ("least first", "most first")
        # Reordering channels in front changes no filter's work, so they are still in order.
        assert (np.diff(work) >= 0).all() or (np.diff(work) <= 0).all()
        assert (work[0] < work[-1]) == (word == "least first")


def test_work_is_counted_filter_by_filter():
    graph, feed = unlike(3)
    trace = ss.execute(graph, feed, keep_values=True)
    layer = trace.layers[2]  # the product
    x = np.concatenate([image.values[layer.activation] for image in trace.images])
    by_hand = (x != 0).sum(axis=0) @ (graph.constants[graph.layers[2].weight] != 0)
    assert work_of(trace, layer).tolist() == by_hand.tolist()
    one = ss.estimate(trace, SMALL)
    for number, layer in enumerate(trace.layers):
        assert work_of(trace, layer).sum() == one.layers[number].effectual_macs


def test_one_layer_finds_the_best_of_both_orders():
    """Of all orders of four filters in two tiles, each executed, one of the two is the best."""
    random = np.random.default_rng(4)
    weight = integers(random, (4, 40), 1.0)
    weight *= random.random(weight.shape) < np.array([[0.05], [1.0], [0.1], [0.9]])
    head = integers(random, (4, 1), 1.0)
    machine = SMALL.with_(rows=2, cols=2, queue_depth=1)

    def network(order) -> ss.Graph:
        nodes = [node("MatMul", "x w", "m"), node("MatMul", "m h", "y")]
        constants = {"w": weight[list(order)].T.copy(), "h": head[list(order)]}
        return ss.load(model(nodes, {"x": (1, 6, 40)}, ["y"], constants))

    feed = {"x": integers(random, (2, 6, 40), 0.8)}
    cycles = {
        order: ss.estimate(ss.execute(network(order), feed), machine).totals
        for order in permutations(range(4))
    }
    totals = {order: one.cycles["two_sided"].total for order, one in cycles.items()}
    work = work_of(
        ss.execute(network(range(4)), feed), ss.execute(network(range(4)), feed).layers[0]
    )
    least = tuple(np.argsort(work, kind="stable"))
    found, _, _ = balanced(network(range(4)), feed, machine)
    assert found.total_after == min(totals[least], totals[least[::-1]]) == min(totals.values())
    assert found.total_before == totals[0, 1, 2, 3] > found.total_after


def test_like_filters_gain_nothing_and_the_network_stays():
    graph, feed = unlike(5, dense=True)
    found, same, trace = balanced(graph, feed, SMALL.with_(skipping="activation"))
    assert not found.is_kept and same is graph and found.reordered == 0
    assert found.total_after == found.total_before and found.gain == 1
    assert [layer.why for layer in found.layers[:3]] == ["no order is faster"] * 3
    assert trace.source.rewrites == ()


def test_orders_are_chosen_on_the_first_images_and_told_on_all():
    graph, feed = unlike(6)
    seen = []
    found, _, _ = balanced(graph, feed, progress=lambda *said: seen.append(said))
    assert found.images == 6
    free = [one for one in find_channels(graph).classes.values() if not one.stays]
    assert ("choosing orders", len(free), len(free)) in seen
    assert ("executing the reordered network", 6, 6) in seen
    fewer = {name: array[:4] for name, array in feed.items()}
    told, _, _ = balanced(graph, fewer)
    assert [one.order for one in told.layers] == [one.order for one in found.layers]
    assert told.total_before < found.total_before


def test_a_saved_network_is_the_one_that_was_counted(tmp_path):
    graph, feed = unlike(7)
    found, reordered, _ = balanced(graph, feed)
    ss.save(reordered, tmp_path / "balanced.onnx")
    again = ss.load(tmp_path / "balanced.onnx")
    totals = ss.estimate(ss.execute(again, feed), SMALL).totals
    assert totals.cycles["two_sided"].total == found.total_after
    assert totals.effectual_macs == found.effectual_before


def test_another_machine_is_counted_by_its_own_rules():
    graph, feed = unlike(8)
    toy = ss.Accelerator(machine=f"{Path(__file__).parents[1] / 'machines' / 'toy.py'}:Toy")
    found, same, trace = balanced(graph, feed, toy)
    assert not found.is_kept and same is graph  # it takes one filter at a time
    totals = ss.estimate(trace, toy).totals
    assert found.total_before == totals.cycles["nonzero_weights"].total
    assert {layer.why for layer in found.layers[:3]} == {"no order is faster"}
