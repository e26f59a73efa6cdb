"""Pictures of MNIST's idx files, with the labels file found beside by its usual name."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.idx import cut_short, opened, read_labels, read_shape
from sparsesim.inputs.labels import Labels, checked
from sparsesim.inputs.pictures import Pictures

_MOST_PIXELS = 1 << 28  # a damaged header must not ask for all the memory


def pictures(path: Path) -> Pictures:
    """Gray pictures of an idx3 file.

    Raises:
        InputError: not 8-bit pictures, or cut short (found at open in a raw file, while reading in
            a gzip file).
    """
    total, height, width = read_shape(path, 3, "images, [n, height, width]")
    pixel_bytes = height * width
    if not 1 <= pixel_bytes <= _MOST_PIXELS:
        raise InputError(
            f"{path}: its images of {height} x {width} pixels are out of range; use 1 to "
            f"{_MOST_PIXELS} pixels"
        )
    if path.suffix != ".gz":
        present = path.stat().st_size - 16
        if present < total * pixel_bytes:
            raise cut_short(path, present // pixel_bytes, total)

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        with opened(path) as file:
            file.read(16)
            for index in range(total):
                pixels = _take(file, pixel_bytes, path, index, total)
                yield f"{path}: image {index}", pixels.reshape(height, width, 1)

    return Pictures(total, stream, str(path), own_labels=lambda: _own_labels(path, total))


def _own_labels(path: Path, total: int) -> Labels | None:
    plain = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for name in (plain, plain + ".gz"):
        beside = path.with_name(name)
        if beside != path and beside.is_file():
            return Labels(checked(read_labels(beside), total, str(beside)), name)
    return None


def _take(file: BinaryIO, wanted: int, path: Path, index: int, total: int) -> np.ndarray:
    try:
        came = file.read(wanted)
    except (OSError, EOFError, zlib.error):
        came = b""
    if len(came) < wanted:
        raise cut_short(path, index, total)
    return np.frombuffer(came, dtype=np.uint8)
