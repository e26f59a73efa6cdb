"""Queue depths against a clocked machine, an estimate at every depth, and a linear scan."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_array import naive_array_cycles
from tuning_models import integers, model, node, traced

import sparsesim as ss
from sparsesim.area import estimate as area
from sparsesim.errors import ModelError, SpecError
from sparsesim.machines import machine_named
from sparsesim.machines.inner_join.parameters import DEEPEST
from sparsesim.machines.inner_join.queues import RULES, size_queues
from sparsesim.tuning.queues.depths import Depths
from sparsesim.tuning.queues.sizing import ladder, smallest

DEVICE = ss.Device.named("xc7z020")
SCHEMES = machine_named("inner_join").scheme_names


@st.composite
def passes(draw):
    """Masks of one pass and a small machine."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    positions, filters, reduction = (draw(st.integers(1, most)) for most in (9, 9, 40))
    machine = {
        "rows": draw(st.integers(1, 4)),
        "cols": draw(st.integers(1, 4)),
        "window": draw(st.sampled_from((1, 3, 8, 16))),
        "lanes": draw(st.integers(1, 3)),
        "feed_latency": draw(st.integers(1, 5)),
        "skipping": draw(st.sampled_from(SCHEMES)),
        "loop_order": draw(st.sampled_from(("filters_inner", "positions_inner"))),
    }
    # Lines of unlike density: what queues are for.
    act = random.random((positions, reduction)) < random.random((positions, 1))
    weight = random.random((filters, reduction)) < random.random((filters, 1))
    return act, weight, machine


@settings(max_examples=150, deadline=None)
@given(passes(), st.integers(1, 12))
def test_a_deeper_queue_never_costs_a_cycle(case, depth):
    act, weight, machine = case
    cycles = [
        ss.array_cycles(act, weight, ss.Accelerator(**machine, queue_depth=d)).cycles
        for d in (depth, depth + 1, 2 * depth, 4096)
    ]
    assert cycles == sorted(cycles, reverse=True)


@settings(max_examples=80, deadline=None)
@given(passes())
def test_queues_as_deep_as_the_pass_has_windows_are_never_full(case):
    act, weight, machine = case
    tiles = math.ceil(len(act) / machine["cols"]) * math.ceil(len(weight) / machine["rows"])
    windows = tiles * math.ceil(act.shape[1] / machine["window"])
    endless = SimpleNamespace(**machine, queue_depth=10**9)
    found = ss.array_cycles(act, weight, ss.Accelerator(**machine, queue_depth=windows))
    assert found.cycles == naive_array_cycles(act, weight, endless).cycles


def never_full(act: np.ndarray, weight: np.ndarray, machine: ss.Accelerator) -> int:
    """Cycles of a two-sided pass on one lane whose feeders never wait: window w comes in cycle w.

    So PEs depend on each other by the drains of their column alone. Tiles are full.
    """
    rows, cols, size = machine.rows, machine.cols, machine.window
    feed = machine.feed_latency
    last = np.full((rows, cols), -1)
    drained = np.full((rows, cols), -(10**9))
    column = np.full(cols, -1)
    w = 0
    for p in range(0, len(act), cols):
        for m in range(0, len(weight), rows):
            for k in range(0, act.shape[1], size):
                a = act[p : p + cols, k : k + size].astype(int)
                pairs = weight[m : m + rows, k : k + size].astype(int) @ a.T
                start = np.maximum(last + 1, w + feed)
                if k + size >= act.shape[1]:
                    start = np.maximum(start, drained + 1)
                last = start + np.maximum(pairs, 1) - 1
                w += 1
            for row in range(rows):
                column = np.maximum(column + 1, last[row] + machine.array.pe_latency)
                drained[row] = column
    return int(column.max()) + 1


@pytest.mark.parametrize(("rows", "cols", "window", "feed"), [(8, 4, 2, 1), (16, 16, 16, 3)])
def test_long_passes_with_queues_that_are_never_full(rows, cols, window, feed):
    random = np.random.default_rng(rows)
    machine = ss.Accelerator(rows=rows, cols=cols, window=window, feed_latency=feed)
    act = random.random((6 * cols, 300)) < random.random((6 * cols, 1))
    weight = random.random((8 * rows, 300)) < random.random((8 * rows, 1)) ** 3
    windows = 48 * math.ceil(300 / window)
    assert windows > 900
    array = machine.array.model_copy(update={"queue_depth": windows})
    deep = machine.model_copy(update={"array": array})  # 7,200: deeper than can be built
    cycles = never_full(act, weight, machine)
    assert ss.array_cycles(act, weight, deep).cycles == cycles
    assert ss.array_cycles(act, weight, machine).cycles > cycles


def small(seed: int, filters: int = 8) -> ss.Trace:
    """Two convolutions and a product; filters of unlike density; three images."""
    random = np.random.default_rng(seed)
    w1 = integers(random, (filters, 5, 3, 3), 1.0)
    w1 *= random.random(w1.shape) < random.random((filters, 1, 1, 1))
    constants = {
        "w1": w1,
        "w2": integers(random, (7, filters, 3, 3), 0.4),
        "w3": integers(random, (7 * 16, 6), 0.3),
    }
    nodes = [
        node("Conv", "x w1", "c1", pads=[1, 1, 1, 1]),
        node("Relu", "c1", "r1"),
        node("Conv", "r1 w2", "c2", pads=[1, 1, 1, 1]),
        node("Relu", "c2", "r2"),
        node("Flatten", "r2", "f"),
        node("MatMul", "f w3", "y"),
    ]
    return traced(model(nodes, {"x": (1, 5, 4, 4)}, ["y"], constants), seed, 3)


def computed() -> ss.Trace:
    """A batched product of two tensors, neither of them constant, and a layer beside it."""
    random = np.random.default_rng(4)
    nodes = [node("MatMul", "a b", "m"), node("MatMul", "m w", "y")]
    inputs = {"a": (1, 2, 9, 40), "b": (1, 2, 40, 11)}
    made = model(nodes, inputs, ["y"], {"w": integers(random, (11, 8), 0.5)})
    return traced(made, 5, 2)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("make", "more"),
    [
        (lambda: small(1), {}),
        (lambda: small(2), {"batch": 2, "feed_latency": 3, "lanes": 2}),
        (lambda: small(3), {"activation_buffer_kib": 0.2, "weight_buffer_kib": 0.2}),
        (computed, {"batch": 2}),
    ],
)
def test_cycles_at_a_depth_are_those_of_an_estimate(make, more, scheme):
    trace = make()
    machine = ss.Accelerator(rows=4, cols=3, window=5, clock_mhz=1000.0, skipping=scheme, **more)
    groups = [trace.images[i : i + machine.batch] for i in range(0, 3, machine.batch)]
    groups = [group for group in groups if group]
    for layer, number in zip(trace.layers, range(9), strict=False):
        depths = Depths(trace, layer, groups, machine, DEVICE, RULES)
        for depth in (1, 2, 3, 7, 500):
            result = ss.estimate(trace, machine.with_(queue_depth=depth), DEVICE)
            cycles = result.layers[number].cycles[scheme]
            found = depths.at(depth).sum(axis=0)
            assert found.tolist() == [cycles.compute, cycles.total]
            depths.release()


def scan(trace: ss.Trace, machine: ss.Accelerator, loss: str) -> tuple[dict, int]:
    """Smallest depths by an estimate of every depth from 1 on, image by image and in all."""
    most = 150  # more than any pass of these traces has windows
    results = [ss.estimate(trace, machine.with_(queue_depth=d), DEVICE) for d in range(1, most)]
    scheme = machine.skipping

    def first(cycles: list[int]) -> int:
        limit = cycles[-1] * (1 + Fraction(loss))
        return next(depth for depth, found in enumerate(cycles, 1) if found <= limit)

    layers = {
        layer.name: tuple(
            first([getattr(result.layers[i].cycles[scheme], kind) for result in results])
            for kind in ("total", "compute")
        )
        for i, layer in enumerate(trace.layers)
    }
    return layers, first([result.totals.cycles[scheme].total for result in results])


@pytest.mark.parametrize("scheme", ["weight", "two_sided"])
@pytest.mark.parametrize(
    ("loss", "clock"), [("0", 200.0), ("0.01", 200.0), ("0.05", 3000.0)]
)  # at 3000 MHz DRAM is slow beside the array
def test_smallest_depths_against_a_linear_scan(scheme, loss, clock):
    trace = small(6)
    machine = ss.Accelerator(rows=4, cols=4, window=4, skipping=scheme, clock_mhz=clock)
    found = size_queues(trace, machine, DEVICE, loss=float(loss))
    assert max(layer.pass_windows for layer in found.layers) < 150
    layers, depth = scan(trace, machine, loss)
    assert {layer.name: (layer.depth, layer.compute_depth) for layer in found.layers} == layers
    assert found.depth == depth


def test_a_layer_that_dram_bounds_is_content_with_less():
    machine = ss.Accelerator(rows=4, cols=4, window=4, clock_mhz=3000.0)
    found = size_queues(small(6), machine, DEVICE)
    assert all(layer.depth <= layer.compute_depth for layer in found.layers)
    assert any(layer.depth < layer.compute_depth for layer in found.layers)


def test_median_and_worst_are_over_the_images_alone():
    trace = small(7)
    machine = ss.Accelerator(rows=4, cols=4, window=4)
    found = size_queues(trace, machine, DEVICE)
    by_image = []
    for image in trace.images:
        one = replace(trace, images=(image,), source=replace(trace.source, runs=1))
        by_image.append(scan(one, machine, "0.01")[0])
    spread = set()
    for layer in found.layers:
        depths = sorted(layers[layer.name][0] for layers in by_image)
        assert (layer.median_depth, layer.worst_depth) == (depths[1], depths[2])
        spread.add(depths[2] - depths[0])
    assert max(spread) > 0  # images differ, or this tests nothing


def test_the_curve_falls_to_unbounded_and_prices_each_depth():
    trace = small(8)
    machine = ss.Accelerator(rows=4, cols=4, window=4, queue_depth=5)
    found = size_queues(trace, machine, DEVICE)
    depths = [point.depth for point in found.curve]
    assert depths[:4] == [1, 2, 3, 4] and 5 in depths and depths[-1] is None
    assert found.depth in depths and depths[:-1] == sorted(depths[:-1])
    totals = [point.total_cycles for point in found.curve]
    assert totals == sorted(totals, reverse=True) and totals[0] > totals[-1] == totals[-2]
    for point in found.curve[:-1]:
        result = ss.estimate(trace, machine.with_(queue_depth=point.depth), DEVICE)
        assert point.total_cycles == result.totals.cycles["two_sided"].total
        assert point.compute_cycles == result.totals.cycles["two_sided"].compute
        resources = area(machine.with_(queue_depth=point.depth), "xc7")
        assert (point.lut, point.ff) == (resources.lut, resources.ff)
        assert point.worst_loss >= point.loss >= 0
    assert (found.curve[-1].loss, found.curve[-1].lut) == (0, None)


@given(st.integers(1, DEEPEST), st.integers(1, DEEPEST))
def test_halving_finds_what_a_scan_finds(least, most):
    asked = []

    def holds(depth: int) -> bool:
        asked.append(depth)
        return depth >= least

    assert smallest(holds, RULES, most) == (least if least <= most else None)
    assert len(asked) <= 36 and max(asked) <= most


def test_the_ladder():
    steps = list(ladder(RULES))
    assert steps[:9] == [1, 2, 3, 4, 6, 8, 12, 16, 24]
    assert steps == sorted(set(steps)) and steps[-1] == DEEPEST


def test_mistakes():
    trace = small(9)
    with pytest.raises(SpecError) as caught:
        size_queues(trace, loss=1.0)
    assert str(caught.value) == "loss 1 is out of range; use 0 to below 1, or 0% to below 100%"
    toy = f"{Path(__file__).parents[1] / 'toy.py'}:Toy"
    with pytest.raises(SpecError) as caught:
        size_queues(trace, ss.Accelerator(machine=toy))
    assert str(caught.value) == f"machine '{toy}' has no such queues; no depth is to be found"
    nothing = model([node("Relu", "x", "y")], {"x": (1, 3)}, ["y"], {})
    with pytest.raises(ModelError) as caught:
        size_queues(traced(nothing, 1, 1))
    assert str(caught.value) == "small: no layer has work to count"


def test_resnet_50_wants_deep_queues(shared_data):
    """The knee is far behind the default: real filters are of unlike density."""
    models = shared_data / "models/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx"
    photos = shared_data / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"
    graph = ss.load(models)
    inputs = ss.open_inputs(photos, ss.input_specs(graph), "imagenet", None, 1)
    trace = ss.execute(graph, inputs)
    found = size_queues(trace)
    assert found.depth is not None and found.unbounded_windows is None
    for depth in (found.depth - 1, found.depth):
        totals = ss.estimate(trace, ss.Accelerator(queue_depth=depth)).totals
        within = totals.cycles["two_sided"].total <= found.curve[-1].total_cycles * 1.01
        assert within == (depth == found.depth)
