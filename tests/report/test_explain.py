"""`explain`: whole texts, its bounds against the exact cycles, and its errors."""

from __future__ import annotations

import pytest
from report_samples import assert_golden, random_inputs, sample

from sparsesim.errors import TraceError
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.inner_join.floors import drain_floor, occupancy
from sparsesim.report.console import plain
from sparsesim.report.explain import explain
from sparsesim.report.facts import class_cycles, labels
from sparsesim.report.floors import floors
from sparsesim.report.lifts import lifts


@pytest.mark.parametrize(
    "name, layer", [("lenet", "conv1"), ("lenet", "fc3"), ("lenet-ecp5", "fc3")]
)
def test_the_explanation_is_the_golden_one(name, layer):
    assert_golden(f"{name}-{layer}.txt", plain(explain(sample(name), layer)))


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_no_layer_takes_fewer_cycles_than_its_floors(name):
    result = sample(name)
    for layer in result.layers:
        least = max(floor.cycles for floor in floors(result, layer))
        for scheme in SCHEMES:
            assert least <= layer.cycles[scheme].compute


def test_floors_by_hand():
    # conv1: 20 filters, 24 x 24 = 576 positions, K = 25; on 16 x 16 with window 16 there are 36
    # position tiles an image, 2 filter tiles and 2 windows; 50 images.
    result = sample()
    drain, windows = floors(result, result.layers[0])
    assert drain.cycles == 20 * 36 * 50
    assert windows.cycles == 2 * 36 * 2 * 50
    assert drain_floor(result.runs(result.layers[0]), 32) == 20 * 18 * 50
    assert occupancy(20, 576, 16, 16) == 20 / 32
    assert occupancy(500, 1, 16, 16) == 500 / 512 / 16
    assert occupancy(500, 8, 16, 16) == 500 / 512 / 2


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_classes_and_stalls_are_all_cycles(name):
    result = sample(name)
    for layer in result.layers:
        for scheme in SCHEMES:
            parts = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])
            assert sum(parts.values()) == pytest.approx(layer.cycles[scheme].total)


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_what_bounds_a_layer_comes_first_and_has_a_cure(name):
    result = sample(name)
    for layer in result.layers:
        for scheme in SCHEMES:
            found = lifts(result, layer, scheme)
            assert found[0].bound == layer.schemes[scheme].bound
            assert all(lift.cause.parameters for lift in found)


@pytest.mark.parametrize("bound", ["work", "imbalance", "drain", "edges", "fill", "dram"])
def test_every_bound_is_explained(bound):
    result = sample()
    layer = result.layers[0]
    schemes = {
        scheme: record.model_copy(update={"bound": bound})
        for scheme, record in layer.schemes.items()
    }
    found = lifts(result, layer.model_copy(update={"schemes": schemes}), "two_sided")
    assert found[0].bound == bound


def test_random_inputs_are_said():
    said = plain(explain(random_inputs(sample()), "conv1"))
    assert "! inputs are random" in said
    assert "! another [word]" in said  # every warning, not the first alone


def test_long_names_break_between_their_parts():
    result = sample()
    name = "/".join(f"block{index:02}" for index in range(25))
    layers = (result.layers[0].model_copy(update={"name": name}), *result.layers[1:])
    lines = plain(explain(result.model_copy(update={"layers": layers}), name)).splitlines()
    assert lines[0].endswith("/") and lines[1].endswith("/")
    assert "".join(lines[:3]).startswith(f"{name} of lenet.onnx")


@pytest.mark.parametrize(
    "name, hint",
    [
        ("conv", "did you mean 'conv1' or 'conv2'?"),
        ("cnv1", "did you mean 'conv1' or 'conv2'?"),
        ("head", "the result has 4 layers, 'conv1' to 'fc4'"),
        ("", "the result has 4 layers, 'conv1' to 'fc4'"),
    ],
)
def test_an_unknown_layer_names_near_misses(name, hint):
    with pytest.raises(TraceError) as error:
        explain(sample(), name)
    assert str(error.value) == f"no layer '{name}'; {hint}"


def test_a_result_without_layers_says_so():
    with pytest.raises(TraceError) as error:
        explain(sample().model_copy(update={"layers": ()}), "conv1")
    assert str(error.value) == "no layer 'conv1'; the result has none"


def test_labels_drop_shared_folders_and_joined_names():
    layer = sample().layers[0]
    names = ["net/a/conv;net/a/bias", "net/b/conv", "net/b/fc;one", "net/b/fc;two"]
    found = labels([layer.model_copy(update={"name": name}) for name in names])
    assert list(found.values()) == ["a/conv", "b/conv", "b/fc;one", "b/fc;two"]
    alone = labels([layer.model_copy(update={"name": "net/a"})])
    assert list(alone.values()) == ["net/a"]
    slashed = labels([layer.model_copy(update={"name": name}) for name in ("/a/c", "/b/c")])
    assert list(slashed.values()) == ["/a/c", "/b/c"]
