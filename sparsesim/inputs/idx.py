"""MNIST's idx files, raw or gzip, with the labels file found beside by its usual name.

Not other gzip files: an idx file starts with two zero bytes, its type and its rank.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", file formats.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.labels import Labels, checked
from sparsesim.inputs.pictures import Pictures

_UINT8 = 8  # the type byte of all MNIST-like sets
_MOST_PIXELS = 1 << 28  # a damaged header must not ask for all the memory


def is_idx(path: Path) -> bool:
    """Whether the file starts as an idx file does."""
    try:
        with _opened(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return ".gz" in path.suffixes and "idx" in path.name
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in range(8, 15) and head[3] > 0


def find_in(folder: Path) -> Path | None:
    """The images of a folder with idx files: the test set's where it is there."""
    found = sorted(p for p in folder.glob("*images*") if p.is_file() and is_idx(p))
    test = [path for path in found if path.name.startswith("t10k")]
    return next(iter(test or found), None)


def pictures(path: Path) -> Pictures:
    """Gray pictures of an idx3 file.

    Raises:
        InputError: not 8-bit pictures, or cut short (found at open in a raw file, while reading in
            a gzip file).
    """
    total, height, width = _read_shape(path, 3, "images, [n, height, width]")
    pixel_bytes = height * width
    if not 1 <= pixel_bytes <= _MOST_PIXELS:
        raise InputError(
            f"{path}: its images of {height} x {width} pixels are out of range; use 1 to "
            f"{_MOST_PIXELS} pixels"
        )
    if path.suffix != ".gz":
        present = path.stat().st_size - 16
        if present < total * pixel_bytes:
            raise _cut(path, present // pixel_bytes, total)

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        with _opened(path) as file:
            file.read(16)
            for index in range(total):
                pixels = _take(file, pixel_bytes, path, index, total)
                yield f"{path}: image {index}", pixels.reshape(height, width, 1)

    return Pictures(total, stream, str(path), own_labels=lambda: _own_labels(path, total))


def read_labels(path: Path) -> np.ndarray:
    """Labels of an idx1 file, uint8.

    Raises:
        InputError: not 8-bit labels, or cut short.
    """
    (total,) = _read_shape(path, 1, "labels, [n]")
    with _opened(path) as file:
        file.read(8)
        try:
            came = file.read()
        except (OSError, EOFError, zlib.error):
            came = b""
    if len(came) < total:
        raise _cut(path, len(came), total)
    return np.frombuffer(came[:total], dtype=np.uint8)


def _own_labels(path: Path, total: int) -> Labels | None:
    plain = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for name in (plain, plain + ".gz"):
        beside = path.with_name(name)
        if beside != path and beside.is_file():
            return Labels(checked(read_labels(beside), total, str(beside)), name)
    return None


def _read_shape(path: Path, rank: int, holds: str) -> tuple[int, ...]:
    with _opened(path) as file:
        try:
            head, sizes = file.read(4), file.read(4 * rank)
        except (OSError, EOFError, zlib.error):
            head, sizes = b"", b""
    if len(head) == 4 and (head[2] != _UINT8 or head[3] != rank):
        raise InputError(
            f"{path}: is idx of type {head[2]} and {head[3]} axes; use type {_UINT8} (uint8) and "
            f"{rank} axes: {holds}"
        )
    if len(sizes) < 4 * rank:
        raise InputError(f"{path}: is cut short or damaged in its header")
    return struct.unpack(f">{rank}I", sizes)


def _take(file: BinaryIO, wanted: int, path: Path, index: int, total: int) -> np.ndarray:
    try:
        came = file.read(wanted)
    except (OSError, EOFError, zlib.error):
        came = b""
    if len(came) < wanted:
        raise _cut(path, index, total)
    return np.frombuffer(came, dtype=np.uint8)


def _cut(path: Path, index: int, total: int) -> InputError:
    return InputError(f"{path}: is cut short or damaged at item {index} of {total}")


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")
