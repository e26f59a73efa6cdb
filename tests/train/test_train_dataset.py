"""Data sets of every kind, from tiny files made here."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from train_samples import dataset, part, write_npz

from sparsesim.errors import InputError
from sparsesim.train.dataset import open_dataset


def idx(values: np.ndarray) -> bytes:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


def refused(path) -> str:
    with pytest.raises(InputError) as raised:
        open_dataset(path)
    return str(raised.value)


def assert_holds(found, train, test) -> None:
    for ours, wanted in ((found.train, train), (found.test, test)):
        assert ours.images.dtype == np.uint8 and ours.labels.dtype == np.int64
        np.testing.assert_array_equal(ours.images, wanted.images)
        np.testing.assert_array_equal(ours.labels, wanted.labels)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """Four digits to train on, packed, and two to test on, not packed."""
    train, test = part(4, 1, 6, 3, 1), part(2, 1, 6, 3, 2)
    for name, values in (("images-idx3", train.images[:, 0]), ("labels-idx1", train.labels)):
        (tmp_path / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(idx(values)))
    for name, values in (("images-idx3", test.images[:, 0]), ("labels-idx1", test.labels)):
        (tmp_path / f"t10k-{name}-ubyte").write_bytes(idx(values))
    return tmp_path


def test_mnist(mnist):
    found = open_dataset(mnist)
    assert_holds(found, part(4, 1, 6, 3, 1), part(2, 1, 6, 3, 2))
    assert (found.classes, found.source) == (3, str(mnist))


def test_mnist_cut_mixed_or_half_there(mnist):
    labels, images = mnist / "t10k-labels-idx1-ubyte", mnist / "t10k-images-idx3-ubyte"
    whole = images.read_bytes()
    images.write_bytes(whole[:-1])
    assert refused(mnist) == f"{images}: is cut short or damaged at item 1 of 2"
    images.write_bytes(whole)
    labels.write_bytes(idx(np.array([0, 1, 2])))
    assert refused(mnist) == f"{labels}: holds labels of shape (3,) for 2 images"
    labels.write_bytes(idx(np.array([0, 7])))
    assert refused(mnist) == (
        f"{mnist}: test label 7 is out of range; the training part has classes 0 to 2"
    )
    labels.unlink()
    assert refused(mnist) == f"{images}: its labels are missing beside it"
    images.rename(mnist / "t10k-images-idx3-ubyte.gz.part")
    assert refused(mnist) == (
        f"{mnist}/t10k-images-idx3-ubyte.gz.part: is half a download; run sparsesim data again, "
        "or delete it"
    )
    (mnist / "t10k-images-idx3-ubyte.gz.part").unlink()
    assert refused(mnist) == f"{mnist}: t10k-images-idx3-ubyte is missing"


def write_cifar(path: Path, labels: np.ndarray, images: np.ndarray) -> None:
    """Records of labels, shape (n, 1 or 2), and planes."""
    records = np.concatenate([labels, images.reshape(len(images), -1)], axis=1)
    path.write_bytes(records.astype(np.uint8).tobytes())


def test_cifar10(tmp_path):
    train, test = part(10, 3, 32, 4, 1), part(3, 3, 32, 4, 2)
    for number in range(5):
        chosen = slice(2 * number, 2 * number + 2)
        path = tmp_path / f"data_batch_{number + 1}.bin"
        write_cifar(path, train.labels[chosen, None], train.images[chosen])
    write_cifar(tmp_path / "test_batch.bin", test.labels[:, None], test.images)
    assert_holds(open_dataset(tmp_path), train, test)
    third = tmp_path / "data_batch_3.bin"
    third.write_bytes(third.read_bytes()[:-1])
    assert refused(tmp_path) == f"{third}: is 6145 bytes; use a multiple of 3073 (CIFAR-10)"
    third.unlink()
    assert refused(tmp_path) == f"{tmp_path}: data_batch_3.bin is missing"


def test_cifar100_gives_its_fine_labels(tmp_path):
    train, test = part(5, 3, 32, 4, 1), part(3, 3, 32, 4, 2)
    for name, made in (("train.bin", train), ("test.bin", test)):
        coarse_and_fine = np.stack([np.full(len(made.labels), 19), made.labels], axis=1)
        write_cifar(tmp_path / name, coarse_and_fine, made.images)
    assert_holds(open_dataset(tmp_path), train, test)
    (tmp_path / "test.bin").unlink()
    assert refused(tmp_path) == f"{tmp_path}: test.bin is missing"


def test_cifar10_as_strips(tmp_path):
    train, test = part(10, 3, 32, 4, 1), part(3, 3, 32, 4, 2)

    def strip(name: str, images: np.ndarray) -> None:
        rows = images.transpose(0, 2, 3, 1).reshape(len(images), 1024, 3)
        Image.fromarray(rows).save(tmp_path / name)

    for number in range(5):
        strip(f"data_batch_{number + 1}.png", train.images[2 * number : 2 * number + 2])
    strip("test_batch.png", test.images)
    (tmp_path / "train_lables.json").write_text(json.dumps(train.labels.tolist()))
    (tmp_path / "test_lables.json").write_text(json.dumps(test.labels.tolist()))
    assert_holds(open_dataset(tmp_path), train, test)
    (tmp_path / "train_lables.json").write_text(json.dumps(train.labels.tolist()[1:]))
    assert refused(tmp_path) == (
        f"{tmp_path}/train_lables.json: holds labels of shape (9,) for 10 images"
    )
    # Other strips have no labels there.
    from sparsesim.inputs.opening import find_pictures

    strip("data_batch_extra.png", test.images)
    assert find_pictures(tmp_path / "data_batch_extra.png").own_labels() is None


def write_classes(folder: Path, made, names: list[str]) -> None:
    for index, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
        path = folder / names[label] / "images" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.transpose(1, 2, 0)).save(path)


def test_folders_of_classes(tmp_path):
    train, test = part(6, 3, 5, 3, 1), part(3, 3, 5, 3, 2)
    names = ["ant", "bee", "cat"]
    write_classes(tmp_path / "train", train, names)
    write_classes(tmp_path / "val", test, names)
    found = open_dataset(tmp_path)
    order = np.argsort(train.labels, kind="stable")
    np.testing.assert_array_equal(found.train.labels, train.labels[order])
    np.testing.assert_array_equal(found.train.images, train.images[order])
    np.testing.assert_array_equal(found.test.images, test.images)

    gray = tmp_path / "train" / "ant" / "images" / "0.png"  # the first: the others have colours
    Image.fromarray(train.images[0, 0]).save(gray)
    found = open_dataset(tmp_path)
    np.testing.assert_array_equal(found.train.images[0], np.stack([train.images[0, 0]] * 3))
    np.testing.assert_array_equal(found.train.images[1:], train.images[order][1:])

    Image.fromarray(train.images[0, :, :4].transpose(1, 2, 0)).save(gray)
    assert refused(tmp_path) == (
        f"{tmp_path}/train/ant/images/3.png: is 5 x 5 pixels, the first is 5 x 4; pictures of a "
        "data set have one size"
    )
    for path in (tmp_path / "val" / "bee" / "images").iterdir():
        path.unlink()
    gray.unlink()
    assert refused(tmp_path) == (
        f"{tmp_path}/val/bee: holds no pictures, but is a class of the data set"
    )


def test_arrays(tmp_path):
    made = dataset(3, 5)
    path = write_npz(tmp_path / "a.npz", made)
    found = open_dataset(path)
    assert_holds(found, made.train, made.test)
    assert found.sha256() == made.sha256() == open_dataset(str(path)).sha256()
    assert found.sha256() != dataset(3, 6).sha256()
    octets = path.read_bytes()
    for cut in (octets[: len(octets) // 2], b"", octets[:400] + b"x" + octets[401:]):
        path.write_bytes(cut)
        assert refused(path) == f"{path}: is no .npz file, or a damaged one"


def test_arrays_that_hold_something_else(tmp_path):
    path = tmp_path / "a.npz"
    images, labels = np.zeros((4, 1, 5, 5), np.uint8), np.array([0, 1, 0, 1])
    np.savez(path, train_images=images, train_labels=labels, test_images=images)
    assert refused(path) == (
        f"{path}: has no array 'test_labels'; use train_images, train_labels, test_images, "
        "test_labels"
    )

    def with_(**more) -> str:
        arrays = {"train_images": images, "train_labels": labels, "test_images": images}
        np.savez(path, **({**arrays, "test_labels": labels} | more))
        return refused(path)

    assert with_(test_images=images / 255) == (
        f"{path}: test: images are float64 of shape (4, 1, 5, 5); use uint8, "
        "(n, 1 or 3, height, width)"
    )
    assert (
        with_(train_labels=labels[:3]) == f"{path}: train: holds labels of shape (3,) for 4 images"
    )
    assert with_(train_labels=labels * 0, test_labels=labels * 0) == (
        f"{path}: all training pictures have one class; two are needed"
    )
    assert with_(train_labels=labels * 1000) == (
        f"{path}: label 1000 of 4 training pictures is out of range; classes count from 0 and "
        "have pictures"
    )
    assert with_(test_images=images[..., :4]) == (
        f"{path}: pictures for training are [1, 5, 5], for testing [1, 5, 4]; both must have one "
        "shape"
    )
    assert (
        with_(test_images=images[:0], test_labels=labels[:0]) == f"{path}: test: holds no pictures"
    )


def test_places_without_a_data_set(tmp_path):
    assert refused(tmp_path / "none") == f"{tmp_path}/none: no such file or folder"
    assert refused(tmp_path) == (
        f"{tmp_path}: holds no data set; use MNIST idx, CIFAR .bin or .png files, or folders train "
        "and test with a folder for each class"
    )
    (tmp_path / "a.txt").touch()
    assert (
        refused(tmp_path / "a.txt") == f"{tmp_path}/a.txt: is no data set; give a folder or an .npz"
    )


def test_mnist_itself(shared_data):
    found = open_dataset(shared_data / "mnist")
    assert (len(found.train.labels), len(found.test.labels), found.classes) == (60_000, 10_000, 10)
    assert np.bincount(found.test.labels).tolist()[:3] == [980, 1135, 1032]  # as published
