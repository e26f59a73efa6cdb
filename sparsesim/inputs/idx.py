"""MNIST's idx files, raw or gzip: what they are known by, their header, and labels.

Not other gzip files: an idx file starts with two zero bytes, its type and its rank. Not pictures:
those are `idx_pictures`, which labels come with.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", file formats.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from sparsesim.errors import InputError

_UINT8 = 8  # the type byte of all MNIST-like sets


def is_idx(path: Path) -> bool:
    """Whether the file starts as an idx file does."""
    try:
        with opened(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return ".gz" in path.suffixes and "idx" in path.name
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in range(8, 15) and head[3] > 0


def find_in(folder: Path) -> Path | None:
    """The images of a folder with idx files: the test set's where it is there."""
    found = sorted(p for p in folder.glob("*images*") if p.is_file() and is_idx(p))
    test = [path for path in found if path.name.startswith("t10k")]
    return next(iter(test or found), None)


def read_labels(path: Path) -> np.ndarray:
    """Labels of an idx1 file, uint8.

    Raises:
        InputError: not 8-bit labels, or cut short.
    """
    (total,) = read_shape(path, 1, "labels, [n]")
    with opened(path) as file:
        file.read(8)
        try:
            came = file.read()
        except (OSError, EOFError, zlib.error):
            came = b""
    if len(came) < total:
        raise cut_short(path, len(came), total)
    return np.frombuffer(came[:total], dtype=np.uint8)


def read_shape(path: Path, rank: int, holds: str) -> tuple[int, ...]:
    """Lengths along its axes.

    Args:
        path: of the file.
        rank: how many axes it is to have.
        holds: what it is to hold, for the error.
    Raises:
        InputError: it has others, is not of uint8, or is cut short.
    """
    with opened(path) as file:
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


def cut_short(path: Path, index: int, total: int) -> InputError:
    """The error of a file that ends, or is damaged, at an item."""
    return InputError(f"{path}: is cut short or damaged at item {index} of {total}")


def opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked."""
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")
