"""Labelled pictures for training and testing, whole in memory as 8-bit pixels.

Not the reading of files: `sparsesim.inputs` does that. MNIST idx, CIFAR binary and PNG strips, and
folders of pictures (`train/CLASS/...`, `val/CLASS/...` or `test/CLASS/...`) are found by their
names; an .npz holds `train_images`, `train_labels`, `test_images` and `test_labels`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparsesim.errors import InputError

_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
# Files of the training and of the test part, as their homes name them.
_KINDS = (
    (("train-images-idx3-ubyte",), ("t10k-images-idx3-ubyte",)),
    (tuple(f"data_batch_{n}.bin" for n in range(1, 6)), ("test_batch.bin",)),
    (("train.bin",), ("test.bin",)),
    (tuple(f"data_batch_{n}.png" for n in range(1, 6)), ("test_batch.png",)),
)


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures and their classes.

    Args:
        images: uint8, shape (n, channels, height, width).
        labels: int64, shape (n,), 0 and up.
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test part.

    Args:
        train, test: the parts; pictures of one shape.
        classes: the largest label plus 1.
        source: as the user named it.
    """

    train: Part
    test: Part
    classes: int
    source: str

    def sha256(self) -> str:
        """64 hex digits over all pixels and labels."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            digest.update(str(part.images.shape).encode())
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(np.ascontiguousarray(part.labels).data)
        return digest.hexdigest()


def open_dataset(source: str | Path) -> Dataset:
    """A data set in a folder or an .npz.

    Raises:
        InputError: no such place, no training or test part in it, damaged, labels that don't fit.
    """
    path = Path(source)
    if path.is_file() and path.suffix == ".npz":
        train, test = _of_arrays(path)
    elif path.is_dir():
        train, test = _of_folder(path)
    elif path.exists():
        raise InputError(f"{path}: is no data set; give a folder or an .npz")
    else:
        raise InputError(f"{path}: no such file or folder")
    if train.images.shape[1:] != test.images.shape[1:]:
        raise InputError(
            f"{path}: pictures for training are {list(train.images.shape[1:])}, for testing "
            f"{list(test.images.shape[1:])}; both must have one shape"
        )
    classes = int(train.labels.max()) + 1
    if classes > len(train.labels):
        raise InputError(
            f"{path}: label {classes - 1} of {len(train.labels)} training pictures is out of "
            "range; classes count from 0 and have pictures"
        )
    if int(test.labels.max()) >= classes:
        raise InputError(
            f"{path}: test label {int(test.labels.max())} is out of range; the training part has "
            f"classes 0 to {classes - 1}"
        )
    if classes < 2:
        raise InputError(f"{path}: all training pictures have one class; two are needed")
    return Dataset(train, test, classes, str(path))


def _of_arrays(path: Path) -> tuple[Part, Part]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            missing = [name for name in _ARRAYS if name not in stored.files]
            if missing:
                raise InputError(f"{path}: has no array '{missing[0]}'; use {', '.join(_ARRAYS)}")
            found = {name: stored[name] for name in _ARRAYS}
    except InputError:
        raise
    except Exception:  # zipfile, zlib and NumPy raise many kinds on damaged files
        raise InputError(f"{path}: is no .npz file, or a damaged one") from None
    return (
        _checked(found["train_images"], found["train_labels"], f"{path}: train"),
        _checked(found["test_images"], found["test_labels"], f"{path}: test"),
    )


def _checked(images: np.ndarray, labels: np.ndarray, where: str) -> Part:
    from sparsesim.inputs.labels import checked

    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
        raise InputError(
            f"{where}: images are {images.dtype} of shape {images.shape}; use uint8, "
            "(n, 1 or 3, height, width)"
        )
    if not len(images):
        raise InputError(f"{where}: holds no pictures")
    return Part(images, checked(labels, len(images), where))


def _of_folder(path: Path) -> tuple[Part, Part]:
    half = sorted(path.glob("*.part"))
    if half:
        raise InputError(f"{half[0]}: is half a download; run sparsesim data again, or delete it")
    for kind in _KINDS:
        parts = [[_found(path, name) for name in names] for names in kind]
        if not any(file for files in parts for file in files):
            continue
        missing = (
            name
            for files, names in zip(parts, kind, strict=True)
            for file, name in zip(files, names, strict=True)
            if file is None
        )
        if name := next(missing, None):
            raise InputError(f"{path}: {name} is missing")
        train, test = ([file for file in files if file] for files in parts)
        return _of_files(train), _of_files(test)
    tests = [path / name for name in ("test", "val") if (path / name).is_dir()]
    if (path / "train").is_dir() and tests:
        classes = sorted(entry.name for entry in (path / "train").iterdir() if entry.is_dir())
        return _of_classes(path / "train", classes), _of_classes(tests[0], classes)
    raise InputError(
        f"{path}: holds no data set; use MNIST idx, CIFAR .bin or .png files, or folders train and "
        "test with a folder for each class"
    )


def _found(path: Path, name: str) -> Path | None:
    """The file of that name, or its packed twin."""
    found = (path / name, path / f"{name}.gz")
    return next((file for file in found if file.is_file()), None)


def _of_files(files: list[Path]) -> Part:
    from sparsesim.inputs.opening import find_pictures

    images, labels = [], []
    for file in files:
        pictures = find_pictures(file)
        own = pictures.own_labels()
        if own is None:
            raise InputError(f"{file}: its labels are missing beside it")
        images.append(_stacked(pictures.stream, pictures.total, str(file)))
        labels.append(own.values)
    return Part(np.concatenate(images), np.concatenate(labels))


def _of_classes(path: Path, names: list[str]) -> Part:
    """Pictures of one folder a class, at any depth in it; classes in the order of `names`."""
    from sparsesim.inputs.folder import decoded

    files: list[tuple[Path, int]] = []
    for index, name in enumerate(names):
        found = [f for f in sorted((path / name).rglob("*")) if f.suffix.lower() in _PICTURES]
        if not found:
            raise InputError(f"{path / name}: holds no pictures, but is a class of the data set")
        files += [(f, index) for f in found]

    def stream():
        for file, _ in files:
            yield str(file), decoded(file.read_bytes(), str(file))

    images = _stacked(stream, len(files), str(path))
    return Part(images, np.array([label for _, label in files], dtype=np.int64))


def _stacked(stream: Callable, total: int, where: str) -> np.ndarray:
    """All pictures as one array, (n, channels, height, width); gray becomes RGB where one is."""
    stacked: np.ndarray | None = None
    for index, (name, pixels) in enumerate(stream()):
        if stacked is None:
            height, width, channels = pixels.shape
            stacked = np.empty((total, channels, height, width), dtype=np.uint8)
        if pixels.shape[2] > stacked.shape[1]:  # gray ones among coloured ones
            stacked = np.repeat(stacked, pixels.shape[2], axis=1)
        if pixels.shape[:2] != stacked.shape[2:]:
            raise InputError(
                f"{name}: is {pixels.shape[1]} x {pixels.shape[0]} pixels, the first is "
                f"{stacked.shape[3]} x {stacked.shape[2]}; pictures of a data set have one size"
            )
        stacked[index] = pixels.transpose(2, 0, 1)
    if stacked is None:
        raise InputError(f"{where}: holds no pictures")
    return stacked
