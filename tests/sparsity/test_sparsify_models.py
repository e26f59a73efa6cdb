"""Sparsified models that people use: ONNX Runtime and the engine agree on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sparsify_models import differences, run_as_onnx

import sparsesim as ss
from sparsesim.graph import Graph, load
from sparsesim.graph.blocks import blocks
from sparsesim.sparsity import sparsify, weight_sparsity
from sparsesim.spec.thresholds import Thresholds


@pytest.fixture(scope="module")
def lenet(root: Path) -> Graph:
    return load(root / "models_onnx" / "lenet.onnx")


@pytest.fixture(scope="module")
def digits(root: Path) -> dict[str, NDArray]:
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        return dict(archive)


def test_the_example_thresholds_give_what_they_say(
    root: Path, lenet: Graph, digits: dict[str, NDArray]
) -> None:
    path = root / "models_onnx" / "lenet_thresholds.toml"
    after = sparsify(lenet, Thresholds.from_toml(path))
    table = weight_sparsity(after, blocks(after))
    parts = " ".join(f"{row.name} {100 * row.sparsity:.1f}," for row in table.layers)
    text = path.read_text()
    assert f"{100 * table.model.sparsity:.1f} % ({parts[:-1]})".replace(", ", ", ") in text
    feed = {"image": digits["image"]}
    (logits,) = run_as_onnx(after, feed)
    assert (logits.argmax(1) == digits["labels"]).all()
    assert "top-1, 300 bundled images  100.00 %   100.00 %" in text
    assert max(differences(after, feed)) < 1e-4


def test_a_saved_lenet_loads_with_its_thresholds(lenet: Graph, tmp_path: Path) -> None:
    thresholds = ss.Thresholds(
        weights={"*": 0.02, "fc3": {"sparsifier": "n_m", "n": 2, "m": 4}},
        activations={"conv*": 0.1},
    )
    after = ss.sparsify(lenet, thresholds)
    ss.save(after, tmp_path / "sparse.onnx")
    again = ss.load(tmp_path / "sparse.onnx")
    assert again.layers == after.layers
    assert weight_sparsity(again, blocks(again)) == weight_sparsity(after, blocks(after))
    assert [[fused.op for fused in layer.chain] for layer in again.layers] == [
        ["Relu", "Shrink"],
        ["Relu", "Shrink"],
        ["Relu"],
        [],
    ]


def test_the_public_name_is_the_verb() -> None:
    assert ss.sparsify is sparsify


@pytest.mark.parametrize(
    ("path", "shape", "tables"),
    [
        (
            "resnet20-cifar10/resnet20_cifar10.onnx",
            (1, 3, 32, 32),
            {
                "blocks": {"unit": ["/layer1/layer1.0/*"]},
                "weights": {"*": 0.05, "unit": {"sparsifier": "n_m", "n": 1, "m": 4}},
                "activations": {"unit": 0.1, "/layer2/*": 0.2},
            },
        ),
        (
            "mlperf-tiny/pretrainedResnet.onnx",
            (1, 32, 32, 3),
            {"weights": {"*": {"sparsifier": "top_k", "keep": 0.4}}, "activations": {"*": 0.1}},
        ),
        (
            "squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx",
            (1, 3, 227, 227),
            {"weights": {"*": 0.02}, "activations": {"/?/*": 1.0}},
        ),
    ],
)
def test_float_models_agree(
    shared_data: Path, path: str, shape: tuple[int, ...], tables: dict
) -> None:
    graph = load(shared_data / "models" / path)
    after = sparsify(graph, Thresholds(**tables))
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert max(differences(after, {graph.inputs[0].name: x})) < 1e-4


def test_an_int8_model_agrees_in_every_bit(shared_data: Path) -> None:
    graph = load(shared_data / "models/mlperf-tiny/pretrainedResnet_quant.onnx")
    after = sparsify(graph, Thresholds(weights={"*": 0.02}, activations={"*": 0.3}))
    assert all(layer.chain[1].op == "Shrink" for layer in after.layers)
    x = np.random.default_rng(0).integers(-128, 128, (4, 32, 32, 3)).astype(np.int8)
    for image in x:
        assert differences(after, {graph.inputs[0].name: image[None]}) == [0, 0]
