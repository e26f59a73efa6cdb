"""The development data through every kind that reads it."""

import numpy as np
import pytest
from input_samples import fed
from PIL import Image

from sparsesim.inputs import InputSpec, open_inputs


def spec(*shape, dtype=np.float32):
    return (InputSpec("x", shape, np.dtype(dtype)),)


def test_mnist(shared_data):
    inputs = open_inputs(shared_data / "mnist", spec(None, 1, 28, 28), "mnist", images=10)
    assert inputs.labels.tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]  # the test set's first ten
    assert fed(inputs).max() == 1
    one = np.asarray(Image.open(shared_data / "foolbox-samples" / "mnist_00_7.png"))
    assert (np.rint(fed(inputs)[0, 0] * 255) == one).all()


def test_cifar10(shared_data):
    whole = open_inputs(shared_data / "cifar10-test", spec(1, 32, 32, 3), "unit")
    assert whole.count == 10000
    assert np.bincount(whole.labels).tolist() == [1000] * 10
    first = next(iter(open_inputs(shared_data / "cifar10-test", spec(1, 3, 32, 32), "none")))["x"]
    one = np.asarray(Image.open(shared_data / "foolbox-samples" / "cifar10_00_3.png"))
    assert (first[0] == one.transpose(2, 0, 1)).all()


def test_imagenet_sample(shared_data):
    archive = next((shared_data / "imagenet-sample-1000").glob("*.zip"))
    inputs = open_inputs(archive, spec(None, 3, 224, 224), "imagenet", images=3)
    assert inputs.labels.tolist() == [0, 1, 2]
    values = fed(inputs)
    assert values.shape == (3, 3, 224, 224)
    assert values.dtype == np.float32
    assert -2.2 < values.min() < values.max() < 2.7


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("mnist", (None, 28, 28)), ("cifar100", (None, 32, 32, 3)), ("imagenet", (1, 3, 224, 224))],
)
def test_foolbox_samples(shared_data, kind, shape):
    how = "imagenet" if kind == "imagenet" else "unit"
    source = shared_data / "foolbox-samples" / f"{kind}_*.*"
    inputs = open_inputs(source, spec(*shape), how, labels="file-names")
    assert inputs.count == len(inputs.labels) == 20
    assert fed(inputs).shape == (20, *shape[1:])
