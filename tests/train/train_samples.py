"""Tiny data sets and recipes that the tests of training share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sparsesim.train.dataset import Dataset, Part
from sparsesim.train.recipe import Recipe


def part(count: int, channels: int, size: int, classes: int, seed: int) -> Part:
    """Random pictures; every class is there."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, channels, size, size), np.uint8)
    return Part(images, np.arange(count, dtype=np.int64) % classes)


def dataset(channels: int = 1, size: int = 16, classes: int = 3, train: int = 12) -> Dataset:
    """A training and a test part of random pictures."""
    return Dataset(
        part(train, channels, size, classes, 1),
        part(6, channels, size, classes, 2),
        classes,
        "made",
    )


def write_npz(path: Path, data: Dataset) -> Path:
    """The data set as a file."""
    np.savez(
        path,
        train_images=data.train.images,
        train_labels=data.train.labels,
        test_images=data.test.images,
        test_labels=data.test.labels,
    )
    return path


def recipe(topology: str = "lenet", **changes) -> Recipe:
    """Two epochs of three steps on `dataset()`."""
    preprocess = "mnist" if topology == "lenet" else "cifar10-imagenet-stats"
    values = {"epochs": 2, "batch": 4, "learning_rate": 0.05, "l2": 1e-3}
    return Recipe(topology=topology, preprocess=preprocess, **(values | changes))
