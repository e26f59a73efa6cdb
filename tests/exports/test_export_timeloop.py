"""Problems of Timeloop: read back, their sizes are the layer's; Timeloop's front end takes them."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_models import Convolution, convolutions, dependent, model, node, request, values
from hypothesis import given, settings

import sparsesim as ss
from sparsesim.exports import Export, Request
from sparsesim.exports.timeloop import export

yaml = pytest.importorskip("yaml")
EXAMPLES = int(25 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def problems(made: Export) -> list[dict[str, Any]]:
    return [yaml.safe_load(content)["problem"] for content in made.files.values()]


def macs(problem: dict[str, Any]) -> int:
    """Turns of all loops."""
    return prod(problem["instance"][name] for name in problem["shape"]["dimensions"])


def sizes(problem: dict[str, Any]) -> dict[str, int]:
    """Elements of each data space: along each of its dimensions the extent of its terms' sum."""
    instance = problem["instance"]
    found = {}
    for space in problem["shape"]["data_spaces"]:
        elements = 1
        for terms in space["projection"]:
            elements *= 1 + sum(
                (instance[dim] - 1) * prod(instance[name] for name in factor)
                for dim, *factor in terms
            )
        found[space["name"]] = elements
    return found


def check(asked: Request) -> list[dict[str, Any]]:
    """Sizes of all layers against their lowering; the published form of a problem."""
    found = problems(export(asked))
    layers = [layer for layer in asked.trace.layers if layer.geometry.macs]
    assert len(found) == len(layers)
    for problem, layer in zip(found, layers, strict=True):
        geometry = layer.geometry
        assert list(problem) == ["version", "shape", "instance"] and problem["version"] == 0.4
        shape, instance = problem["shape"], dict(problem["instance"])
        assert shape["name"] == layer.name
        assert macs(problem) == geometry.macs
        extent = sizes(problem)
        assert extent["Weights"] == geometry.weight_elements
        assert extent["Outputs"] == geometry.output_elements
        assert [space["name"] for space in shape["data_spaces"]] == ["Weights", "Inputs", "Outputs"]
        assert [bool(space.get("read_write")) for space in shape["data_spaces"]] == [0, 0, 1]
        densities = instance.pop("densities")
        assert set(densities) == {"Weights", "Inputs", "Outputs"}
        for density in densities.values():
            assert density["distribution"] == "hypergeometric" and 0 <= density["density"] <= 1
        names = {entry["name"] for entry in shape["coefficients"]}
        assert all(len(name) == 1 for name in shape["dimensions"])  # Timeloop's own limit
        assert set(instance) == names | set(shape["dimensions"])
        assert all(type(value) is int for value in instance.values())
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(convolutions())
def test_any_convolution(case: Convolution):
    (problem,) = check(request(case.model, {"x": case.x}))
    assert sizes(problem)["Inputs"] * 2 == case.padded.size
    assert ("G" in problem["shape"]["dimensions"]) == (case.groups > 1)
    inputs = problem["instance"]["densities"]["Inputs"]["density"]
    assert inputs == pytest.approx(np.mean(case.padded != 0), abs=1e-9)


def test_products_and_batched_products():
    made, feeds = dependent()
    check(request(made, feeds))
    nodes = [node("MatMul", "x y", "heads")]
    both = model(nodes, {"x": [1, 3, 4, 5], "y": [1, 3, 5, 2]}, ["heads"], {})
    asked = request(both, {"x": values(1, (1, 3, 4, 5)), "y": values(2, (1, 3, 5, 2))})
    (problem,) = check(asked)
    assert {k: problem["instance"][k] for k in "GNCM"} == {"G": 3, "N": 4, "C": 5, "M": 2}


def test_lenet(root: Path):
    lenet, digits = root / "models_onnx/lenet.onnx", root / "models_onnx/mnist_test_300.npz"
    graph = ss.load(lenet)
    trace = ss.execute(graph, ss.open_inputs(digits, ss.input_specs(graph), images=7))
    asked = Request(trace, None, ss.Accelerator(), ss.Device.named("xc7z020"))
    found = check(asked)
    result = ss.estimate(trace)
    for problem, record in zip(found, result.layers, strict=True):
        densities = problem["instance"]["densities"]
        assert densities["Weights"]["density"] == pytest.approx(1 - record.weight_sparsity)
        assert densities["Inputs"]["density"] == pytest.approx(
            1 - record.activation_sparsity, abs=1e-9
        )
        assert densities["Outputs"]["density"] == pytest.approx(
            1 - record.output_sparsity, abs=1e-9
        )
    made = export(asked)
    assert list(made.files) == ["1-conv1.yaml", "2-conv2.yaml", "3-fc3.yaml", "4-fc4.yaml"]
    first = made.files["1-conv1.yaml"].decode().splitlines()[0]
    assert first.startswith(f"# conv1 (Conv) of {lenet}; 7 images of {digits}")
    assert first.endswith(f"; sparsesim {ss.__version__}")


def test_names_that_are_no_names_of_files():
    names = ['a/b: "c" é', "../up", "x" * 300]
    nodes = [node("MatMul", "x w", name) for name in names]
    made = model(nodes, {"x": [1, 2, 3]}, names, {"w": values(1, (3, 2))})
    made = export(request(made, {"x": values(2, (1, 2, 3))}))
    assert list(made.files) == ["1-a_b_c_.yaml", "2-.._up.yaml", f"3-{'x' * 80}.yaml"]
    assert [problem["shape"]["name"] for problem in problems(made)] == names


@pytest.mark.parametrize("name", ["resnet14-cifar10-l1", "resnet14-tiny-l2"])
def test_resnet14(root: Path, name: str):
    path = root / f"models_onnx/paper/{name}.onnx"
    graph = ss.load(path)
    trace = ss.execute(graph, ss.open_inputs("random", ss.input_specs(graph), images=1))
    check(Request(trace, None, ss.Accelerator(), ss.Device.named("xc7z020")))


def test_the_front_end_takes_them(tmp_path: Path):
    problem = pytest.importorskip("timeloopfe.v4").Problem
    made, feeds = dependent()
    for found in problems(export(request(made, feeds))):
        taken = problem(found)
        assert taken.shape.name == found["shape"]["name"]
        assert [space.name for space in taken.shape.data_spaces] == ["Weights", "Inputs", "Outputs"]
