"""Break-evens against counting every density by `estimate`, and nested masks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import model, node, values

import sparsesim as ss
from sparsesim.errors import InputError, ModelError, SpecError
from sparsesim.estimator.break_even import STEPS, break_even, highest, ones_at
from sparsesim.estimator.thinning import thinning
from sparsesim.lowering.bits import pack, unpack

SMALL = {"rows": 4, "cols": 4, "window": 8}


def convolution() -> onnx.ModelProto:
    random = np.random.default_rng(1)
    weights = values(random, (8, 16, 3, 3), 0.5)
    nodes = [node("Conv", "x w", "y", pads=[1, 1, 1, 1])]
    return model(nodes, {"x": (1, 16, 6, 6)}, {"y": np.float32}, {"w": weights})


def computed() -> onnx.ModelProto:
    """A batched product of two tensors, neither of them constant."""
    inputs = {"a": (1, 2, 9, 40), "b": (1, 2, 40, 11)}
    return model([node("MatMul", "a b", "y")], inputs, {"y": np.float32}, {})


def traced(whole: onnx.ModelProto, images: int, density: float = 0.5) -> ss.Trace:
    random = np.random.default_rng(2)
    graph = ss.load(whole)
    fed = {
        value.name: values(
            random,
            (images, *(d.dim_value for d in value.type.tensor_type.shape.dim[1:])),
            density,
        )
        for value in graph.inputs
    }
    return ss.execute(graph, fed)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=150), st.integers(0, 5))
def test_masks_are_nested_and_pass_through_the_real_one(bits, seed):
    mask = np.array(bits, bool)
    order = thinning(pack(mask), mask.size, np.random.default_rng(seed))
    masks = [unpack(order.at(count), mask.size) for count in range(mask.size + 1)]
    assert [int(one.sum()) for one in masks] == list(range(mask.size + 1))
    assert all((less <= more).all() for less, more in pairwise(masks))
    assert (masks[int(mask.sum())] == mask).all()
    assert (np.sort(order.rank) == np.arange(mask.size)).all()


def test_thinning_draws_from_all_elements():
    """Over many seeds each one of a mask is kept about as often: half of 4 ones, 400 times."""
    mask = np.array([1, 0, 1, 0, 1, 1], bool)
    kept = sum(
        unpack(thinning(pack(mask), 6, np.random.default_rng(seed)).at(2), 6).astype(int)
        for seed in range(400)
    )
    assert (kept[~mask] == 0).all()
    assert (abs(kept[mask] - 200) < 50).all()  # five standard deviations


@pytest.mark.parametrize("paying", [0, 1, 2, 100, 255, 256, 257])
def test_halving_finds_what_a_scan_finds(paying):
    """The first `paying` steps pay."""
    asked: list[int] = []

    def pays(step: int) -> bool:
        asked.append(step)
        return step < paying

    scan = [step for step in range(STEPS + 1) if step < paying]
    assert highest(pays) == (max(scan) if scan else None)
    assert len(asked) <= 10


def test_densities_are_rounded_to_whole_elements():
    assert [ones_at(step, 10) for step in (0, 12, 13, 128, 256)] == [0, 0, 1, 5, 10]


def thinned(trace: ss.Trace, step: int, scheme: str, seed: int) -> ss.Trace:
    """The trace with the operands of its one layer at a density, by the documented seeds."""
    (layer,) = trace.layers
    g = layer.geometry

    def at(words, elements, *part):
        order = thinning(words, elements, np.random.default_rng([seed, 0, *part]))
        return order.at(ones_at(step, elements))

    images, weights = [], dict(trace.weights)
    for index, image in enumerate(trace.images):
        bits = dict(image.bits)
        if scheme != "weight":
            words = bits[layer.activation]
            bits[layer.activation] = at(words, g.activation_elements, index, 0)
        if scheme != "activation" and not layer.weight_is_constant:
            bits[layer.weight] = at(bits[layer.weight], g.weight_elements, index, 1)
        images.append(replace(image, bits=bits))
    if scheme != "activation" and layer.weight_is_constant:
        weights[layer.weight] = at(weights[layer.weight], g.weight_elements, 0, 1)
    return replace(trace, images=tuple(images), weights=weights)


@pytest.mark.parametrize(
    ("whole", "images", "more"),
    [
        (convolution(), 1, {}),
        (convolution(), 2, {"activation_buffer_kib": 0.5, "weight_buffer_kib": 0.5}),
        (computed(), 2, {}),
    ],
)
@pytest.mark.parametrize("scheme", ["activation", "weight", "two_sided"])
def test_against_a_linear_scan(whole, images, more, scheme):
    machine = ss.Accelerator(**SMALL, **more)
    device = ss.Device.named("xc7z020")
    trace = traced(whole, images)
    found = break_even(trace, machine, device, images=images, seed=3)
    rival = found.rivals[scheme]
    array = {"machine": rival.machine, **rival.array, "clock_mhz": rival.clock_mhz}
    plain = {"skipping": "none", "activation_format": "dense", "weight_format": "dense"}
    dense = ss.Accelerator(**more, **array, **plain)
    dense_cycles = ss.estimate(trace, dense, device).totals.cycles["none"].total
    dense_seconds = dense_cycles / rival.clock_mhz
    seconds = [
        ss.estimate(thinned(trace, step, scheme, 3), machine, device).totals.cycles[scheme].total
        / machine.clock_mhz
        for step in range(0, STEPS + 1, 4)
    ]
    paying = [4 * i for i, one in enumerate(seconds) if one < dense_seconds]
    assert paying == list(range(0, len(paying) * 4, 4))  # here it is monotone
    assert 0 < len(paying) < len(seconds)
    one = found.layers[0].schemes[scheme]
    assert paying[-1] <= one.density * STEPS < paying[-1] + 4
    assert one.dense_cycles == dense_cycles
    measured = ss.estimate(trace, machine, device)
    assert one.cycles == measured.totals.cycles[scheme].total
    assert one.pays == (one.cycles / machine.clock_mhz < dense_seconds)
    assert one.speedup == pytest.approx(dense_seconds * machine.clock_mhz / one.cycles)
    assert found.layers[0].activation_density == 1 - measured.layers[0].activation_sparsity
    assert found.layers[0].weight_density == 1 - measured.layers[0].weight_sparsity


def test_a_batch_is_one_run():
    """Two images side by side: the same answer as the run of both at once."""
    machine = ss.Accelerator(**SMALL, batch=2)
    trace = traced(convolution(), 2)
    found = break_even(trace, machine, images=2)
    cycles = ss.estimate(trace, machine).totals.cycles
    for scheme, one in found.layers[0].schemes.items():
        assert one.cycles == cycles[scheme].total
        assert one.density is not None


def test_never_and_where_moves_decide():
    """One element of K: each result takes a window, so zeros save nothing and dense PEs are faster.

    Where hardly any bits come from DRAM, what is moved decides: weights of zeros take an eighth of
    the bits, and a mask of ones takes nine eighths.
    """
    weights = np.ones((32, 1, 1, 1), np.float32)
    short = model(
        [node("Conv", "x w", "y")], {"x": (1, 1, 12, 12)}, {"y": np.float32}, {"w": weights}
    )
    never = break_even(traced(short, 1), ss.Accelerator(**SMALL)).layers[0].schemes
    assert all(one.density is None and not one.pays for one in never.values())
    starved = ss.Device.named("xczu9eg").with_(dram_gb_per_s=0.017)
    machine = ss.Accelerator(**SMALL)
    moved = break_even(traced(computed(), 1), machine, starved).layers[0].schemes
    assert 0.8 < moved["two_sided"].density < 7 / 8 + 0.01


def test_layers_without_work_are_left_out():
    nodes = [node("Relu", "x", "y")]
    whole = model(nodes, {"x": (1, 3)}, {"y": np.float32}, {})
    with pytest.raises(ModelError) as error:
        break_even(traced(whole, 1))
    assert str(error.value) == "small: no layer runs on the array; the host runs 1 Relu"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"images": 0}, InputError, "images 0 is out of range; use 1 to 1"),
        ({"images": 2}, InputError, "images 2 is out of range; use 1 to 1"),
        ({"seed": -1}, SpecError, "seed -1 is out of range; use 0 and up"),
    ],
)
def test_numbers_out_of_range(options, kind, message):
    with pytest.raises(kind) as error:
        break_even(traced(convolution(), 1), ss.Accelerator(**SMALL), **options)
    assert str(error.value) == message
