"""The bundled model and images are what `models_onnx/README.md` says they are."""

from __future__ import annotations

import hashlib
import os
import re
import runpy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "models_onnx"


@pytest.fixture(scope="module")
def readme(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def model(folder: Path) -> ModelProto:
    return onnx.load(folder / "lenet.onnx")


@pytest.fixture(scope="module")
def samples(folder: Path) -> dict[str, NDArray[np.generic]]:
    with np.load(folder / "mnist_test_300.npz") as archive:
        return dict(archive)


def stated(readme: str, row: str) -> str:
    """The second cell of the README's table row that starts with `row`."""
    found = re.search(rf"^\| {re.escape(row)} \| (.+?) \|$", readme, re.MULTILINE)
    assert found, f"README has no row {row!r}"
    return found.group(1)


def one_threaded(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def logits(folder: Path, images: NDArray[np.generic]) -> NDArray[np.float32]:
    session = one_threaded((folder / "lenet.onnx").read_bytes())
    (result,) = session.run(["logits"], {"image": images})
    return np.asarray(result)


@pytest.mark.parametrize("name", ["lenet.onnx", "mnist_test_300.npz"])
def test_sha256_is_the_stated_one(name: str, folder: Path, readme: str) -> None:
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert stated(readme, f"sha256 of `{name}`") == f"`{digest}`"


def test_readme_names_every_file(folder: Path, readme: str) -> None:
    for name in os.listdir(folder):
        if not name.startswith((".", "__")) and name != "README.md":
            assert f"`{name}`" in readme


def test_model_is_valid_and_has_the_papers_layers(model: ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    layers = [(n.name, n.op_type) for n in model.graph.node if n.op_type in ("Conv", "Gemm")]
    assert layers == [("conv1", "Conv"), ("conv2", "Conv"), ("fc3", "Gemm"), ("fc4", "Gemm")]
    assert all(node.name for node in model.graph.node)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]


def test_input_and_output_have_a_free_batch(model: ModelProto) -> None:
    def described(value: onnx.ValueInfoProto) -> tuple[str, list[str | int]]:
        axes = value.type.tensor_type.shape.dim
        return value.name, [axis.dim_param or axis.dim_value for axis in axes]

    assert [described(v) for v in model.graph.input] == [("image", ["n", 1, 28, 28])]
    assert [described(v) for v in model.graph.output] == [("logits", ["n", 10])]


def test_parameters_and_macs_are_the_stated_ones(model: ModelProto, readme: str) -> None:
    sizes = {i.name: numpy_helper.to_array(i).size for i in model.graph.initializer}
    # Valid 5x5 convolutions: 28 -> 24, pooled to 12 -> 8, pooled to 4. A MAC layer does one MAC a
    # weight at each output position, and a Gemm has one position.
    positions = {"conv1": 24 * 24, "conv2": 8 * 8, "fc3": 1, "fc4": 1}
    macs = sum(sizes[f"{layer}.weight"] * count for layer, count in positions.items())
    assert stated(readme, "parameters") == f"{sum(sizes.values()):,}"
    assert stated(readme, "MACs an image") == f"{macs:,}"


def test_samples_can_be_fed_as_they_are(samples: dict[str, NDArray[np.generic]]) -> None:
    assert sorted(samples) == ["image", "labels"]
    image, labels = samples["image"], samples["labels"]
    assert (image.dtype, image.shape) == (np.float32, (300, 1, 28, 28))
    assert (labels.dtype, labels.shape) == (np.int64, (300,))
    assert image.min() == 0 and image.max() == 1
    assert sorted(np.unique(labels)) == list(range(10))


def test_accuracy_on_the_samples_is_the_stated_one(
    folder: Path, readme: str, samples: dict[str, NDArray[np.generic]]
) -> None:
    hits = int((logits(folder, samples["image"]).argmax(axis=1) == samples["labels"]).sum())
    assert stated(readme, "top-1, the 300 bundled images") == f"{hits / 300:.2%} ({hits} of 300)"


def test_zeros_are_the_stated_ones(
    model: ModelProto, readme: str, samples: dict[str, NDArray[np.generic]]
) -> None:
    inputs = {n.name: n.input[0] for n in model.graph.node if n.op_type in ("Conv", "Gemm")}
    probed = ModelProto()
    probed.CopyFrom(model)
    wanted = [tensor for tensor in inputs.values() if tensor != "image"]
    probed.graph.output.extend(onnx.helper.make_empty_tensor_value_info(t) for t in wanted)
    session = one_threaded(probed.SerializeToString())
    values = dict(zip(wanted, session.run(wanted, {"image": samples["image"]}), strict=True))
    values["image"] = samples["image"]
    for layer, tensor in inputs.items():
        said = f"{np.mean(values[tensor] == 0):.1%}"
        assert stated(readme, f"input of {layer}") == said
    assert all(numpy_helper.to_array(i).all() for i in model.graph.initializer)


def test_samples_and_accuracy_agree_with_the_whole_test_set(
    folder: Path, readme: str, samples: dict[str, NDArray[np.generic]], shared_data: Path
) -> None:
    read_mnist = runpy.run_path(str(folder / "train_lenet.py"))["read_mnist"]
    images, labels = read_mnist(shared_data / "mnist", "t10k")
    np.testing.assert_array_equal(samples["image"], images[:300])
    np.testing.assert_array_equal(samples["labels"], labels[:300])
    hits = int((logits(folder, images).argmax(axis=1) == labels).sum())
    said = f"{hits / len(labels):.2%} ({hits:,} of 10,000)"
    assert stated(readme, "top-1, all 10,000 MNIST test images") == said
