"""One array in a NumPy file, read slice by slice. Not which array is which input's."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from sparsesim.errors import InputError

# What zipfile, zlib and NumPy raise on damaged, encrypted or oddly compressed files.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
)


@dataclass(frozen=True, eq=False)
class Stored:
    """One array in a file.

    Args:
        where: names the array in errors.
        open: gives a stream at the start of the array's own file or zip member.
    """

    where: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    open: Callable[[], IO[bytes]]

    def slices(self, rows: int) -> Iterator[np.ndarray]:
        """Blocks of whole rows of the first axis, the last short block left out."""
        shape = (rows, *self.shape[1:])
        block_bytes = math.prod(shape) * self.dtype.itemsize
        try:
            with self.open() as stream:
                if self.fortran:  # rows do not lie together: the whole array has to be read
                    whole = np.lib.format.read_array(stream, allow_pickle=False)
                    for first in range(0, self.shape[0] - rows + 1, rows):
                        yield np.ascontiguousarray(whole[first : first + rows])
                    return
                header(stream)
                for _ in range(self.shape[0] // rows):
                    yield np.frombuffer(stream.read(block_bytes), dtype=self.dtype).reshape(shape)
        except DAMAGE:
            raise InputError(f"{self.where}: is damaged") from None

    def whole(self) -> np.ndarray:
        """All of it."""
        try:
            with self.open() as stream:
                return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        except DAMAGE:
            raise InputError(f"{self.where}: is damaged") from None


def header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and type of the array that a stream begins with."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        read = np.lib.format.read_array_header_1_0
    else:
        read = np.lib.format.read_array_header_2_0
    return read(stream)
