"""NumPy files: .npy (one input) and .npz (one array an input, labels beside), read slice by slice.

Not the arrays' meaning: 8-bit pictures among them go through `pictures.py`.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import IO

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.feed import Feed, Inputs, InputSpec, count_images, group_labels
from sparsesim.inputs.labels import Labels, checked

_LABEL_NAMES = ("labels", "y")
_DATA_NAMES = ("x", "images", "data")

# What zipfile, zlib and NumPy raise on damaged, encrypted or oddly compressed files.
_DAMAGE = (
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
                _header(stream)
                for _ in range(self.shape[0] // rows):
                    yield np.frombuffer(stream.read(block_bytes), dtype=self.dtype).reshape(shape)
        except _DAMAGE:
            raise InputError(f"{self.where}: is damaged") from None

    def whole(self) -> np.ndarray:
        """All of it; for small arrays."""
        return next(self.slices(self.shape[0])) if self.shape and self.shape[0] else np.empty(0)


def read_stored(path: Path) -> dict[str, Stored]:
    """The arrays of a file by name; the one of an .npy file has the empty name.

    Raises:
        InputError: unreadable, cut short, or Python objects instead of numbers.
    """
    if path.suffix.lower() == ".npy":
        return {"": _stored(lambda: path.open("rb"), path.stat().st_size, str(path))}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
    except (zipfile.BadZipFile, ValueError):
        raise InputError(f"{path}: is no .npz file, or a damaged one") from None

    def opener(member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: zipfile.ZipFile(path).open(member)

    return {
        m.filename.removesuffix(".npy"): _stored(
            opener(m), m.file_size, f"{path}: array '{m.filename.removesuffix('.npy')}'"
        )
        for m in members
    }


def choose(
    stored: dict[str, Stored], expected: tuple[InputSpec, ...], path: Path
) -> dict[str, Stored]:
    """The array of each input.

    Raises:
        InputError: an input has none, or it is not clear which.
    """
    names = {spec.name for spec in expected}
    if len(expected) == 1:
        others = [n for n in stored if n not in _LABEL_NAMES]
        known = [n for n in (expected[0].name, *_DATA_NAMES) if n in stored]
        if known or len(others) == 1:
            return {expected[0].name: stored[(known or others)[0]]}
    if missing := sorted(names - set(stored)):
        held = ", ".join(name or "one array without a name" for name in sorted(stored))
        raise InputError(
            f"{path}: holds {held or 'nothing'}; give an .npz with an array "
            f"named '{missing[0]}', as the input"
        )
    return {name: stored[name] for name in names}


def own_labels(
    stored: dict[str, Stored], used: dict[str, Stored], total: int, path: Path
) -> Labels | None:
    """The labels in an .npz file: an array `labels` or `y` that no input takes."""
    for name in _LABEL_NAMES:
        if name in stored and stored[name] not in used.values():
            values = checked(stored[name].whole(), total, stored[name].where)
            return Labels(values, f"its array '{name}'")
    return None


def feed_arrays(
    chosen: dict[str, Stored],
    expected: tuple[InputSpec, ...],
    find_labels: Callable[[int], Labels | None],
    images: int | None,
    path: Path,
) -> Inputs:
    """Arrays as they are, cast within their kind (floats to floats, integers to integers).

    In a model of several inputs an array of one image's rows is fed with every image.

    Raises:
        InputError: an array does not fit its input, or arrays disagree on the number of images.
    """
    runs = {spec.name: _runs(chosen[spec.name], spec) for spec in expected}
    many = {name: count for name, count in runs.items() if count != 1}
    if len(set(many.values())) > 1:
        said = ", ".join(f"'{name}' {count}" for name, count in many.items())
        raise InputError(f"{path}: arrays disagree on the number of images: {said}")
    batch = max((spec.batch for spec in expected if spec.name in many), default=expected[0].batch)
    largest = next(iter(many), expected[0].name)
    total = _rows(chosen[largest], next(s for s in expected if s.name == largest))
    count = count_images(total, batch, images, str(path))
    found = find_labels(total)

    def stream() -> Iterator[Feed]:
        columns: list[Iterator[np.ndarray]] = []
        for spec in expected:
            values = _values(chosen[spec.name], spec)
            shared = runs[spec.name] == 1 and count > 1
            columns.append(repeat(next(values)) if shared else values)
        for row in zip(*columns, strict=False):  # repeated ones never end
            yield {spec.name: array for spec, array in zip(expected, row, strict=True)}

    notes = f"{count} of {total // batch} images"
    if found:
        notes += f"; labels from {found.origin}"
    labels = group_labels(found.values if found else None, count, batch)
    return Inputs(count, labels, f"{path} ({notes})", False, stream)


def _stored(opened: Callable[[], IO[bytes]], stored_bytes: int, where: str) -> Stored:
    try:
        with opened() as stream:
            shape, fortran, dtype = _header(stream)
            header_bytes = stream.tell()
    except Exception:  # NumPy's header parser raises many kinds on damaged files
        raise InputError(f"{where}: is no NumPy array, or a damaged one") from None
    if dtype.kind not in "fiub":
        raise InputError(f"{where}: holds {dtype}; use plain numbers")
    if any(size < 0 for size in shape):
        raise InputError(f"{where}: is no NumPy array, or a damaged one")
    needed = math.prod(shape) * dtype.itemsize
    if stored_bytes - header_bytes < needed:
        raise InputError(
            f"{where}: is cut short; has {stored_bytes - header_bytes} of {needed} bytes of values"
        )
    return Stored(where, shape, dtype, fortran and len(shape) > 1, opened)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        read = np.lib.format.read_array_header_1_0
    else:
        read = np.lib.format.read_array_header_2_0
    return read(stream)


def _rows(stored: Stored, spec: InputSpec) -> int:
    """Rows of the batch axis; an array that lacks the axis is one row."""
    return stored.shape[0] if spec.shape and len(stored.shape) == len(spec.shape) else 1


def _runs(stored: Stored, spec: InputSpec) -> int:
    """Images in the array, once it is seen to fit its input."""
    whole = len(stored.shape) == len(spec.shape)
    item = stored.shape[1:] if whole else stored.shape
    lacks_batch = len(stored.shape) == len(spec.shape) - 1 and spec.batch == 1
    fits = spec.takes(item) and (whole or lacks_batch)
    if not fits and not spec.shape == stored.shape == ():
        raise InputError(
            f"{stored.where}: is {list(stored.shape)}; input '{spec.name}' takes {spec}"
        )
    kinds = "iu" if spec.dtype.kind in "iu" else spec.dtype.kind
    if stored.dtype.kind not in kinds:
        prepare = stored.dtype.kind in "iu" and spec.dtype.kind == "f"
        hint = ", or give uint8 pixels and a preprocess table" if prepare else ""
        raise InputError(
            f"{stored.where}: is {stored.dtype}; input '{spec.name}' takes {spec}; convert it{hint}"
        )
    return _rows(stored, spec) // spec.batch


def _values(stored: Stored, spec: InputSpec) -> Iterator[np.ndarray]:
    if len(stored.shape) != len(spec.shape) or not spec.shape:
        flat = Stored(stored.where, (1, *stored.shape), stored.dtype, stored.fortran, stored.open)
        blocks: Iterator[np.ndarray] = flat.slices(1)
        if not spec.shape:
            blocks = (block[0] for block in blocks)
    else:
        blocks = stored.slices(spec.batch)
    for index, block in enumerate(blocks):
        yield _cast(block, spec, index)


def _cast(block: np.ndarray, spec: InputSpec, index: int) -> np.ndarray:
    if spec.dtype.kind in "iu" and block.size:
        limit = np.iinfo(spec.dtype)
        for edge in (int(block.min()), int(block.max())):
            if not limit.min <= edge <= limit.max:
                raise InputError(
                    f"input '{spec.name}', image {index}: {edge} is out of range; {spec.dtype} "
                    f"takes {limit.min} to {limit.max}"
                )
    with np.errstate(over="ignore"):  # an overflow becomes an infinity, which is refused later
        return block.astype(spec.dtype)
