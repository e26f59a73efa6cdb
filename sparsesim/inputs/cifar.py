"""CIFAR-10 and CIFAR-100 binary files: labels, then 3072 bytes of red, green and blue planes.

Not the Python pickles of the same sets. CIFAR-100 gives its fine labels.
Source: A. Krizhevsky, "The CIFAR-10 dataset", binary version.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.labels import Labels
from sparsesim.inputs.pictures import Pictures

_PIXEL_BYTES = 3 * 32 * 32
_LABEL_BYTES = {"CIFAR-10": 1, "CIFAR-100": 2}


def find_in(folder: Path) -> tuple[Path, ...]:
    """The binary files of a folder: the test set where it is there, else the training set."""
    for pattern in ("test_batch.bin", "test.bin", "data_batch_*.bin", "train.bin"):
        if found := sorted(folder.glob(pattern)):
            return tuple(found)
    return ()


def pictures(paths: tuple[Path, ...], where: str) -> Pictures:
    """Pictures of binary files of one set, one file after the other.

    Raises:
        InputError: a size that is no whole number of records.
    """
    parts = [_records(path) for path in paths]
    labels = np.concatenate([records[:, -_PIXEL_BYTES - 1] for records in parts]).astype(np.int64)

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        for path, records in zip(paths, parts, strict=True):
            for index, record in enumerate(records):
                planes = np.asarray(record[-_PIXEL_BYTES:]).reshape(3, 32, 32)
                yield f"{path}: image {index}", planes.transpose(1, 2, 0)

    origin = ", ".join(path.name for path in paths)
    return Pictures(len(labels), stream, where, own_labels=lambda: Labels(labels, origin))


def _records(path: Path) -> np.ndarray:
    """The file's records, mapped and not read: uint8, shape (images, bytes of a record)."""
    stored_bytes = path.stat().st_size
    record = {name: labels + _PIXEL_BYTES for name, labels in _LABEL_BYTES.items()}
    if path.name in ("train.bin", "test.bin"):
        fits = ["CIFAR-100"]
    elif path.name.startswith(("data_batch", "test_batch")):
        fits = ["CIFAR-10"]
    else:
        fits = [name for name in record if stored_bytes % record[name] == 0]
    if stored_bytes == 0 or not fits or stored_bytes % record[fits[0]]:
        allowed = " or ".join(f"{record[name]} ({name})" for name in fits or record)
        raise InputError(f"{path}: is {stored_bytes} bytes; use a multiple of {allowed}")
    return np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, record[fits[0]])
