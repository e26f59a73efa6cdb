"""NumPy files: .npy (one input) and .npz (one array an input, labels beside), read slice by slice.

Not the arrays' meaning: 8-bit pictures among them go through `pictures.py`.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import IO

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.cutting import cut_of
from sparsesim.inputs.feed import (
    Feed,
    Inputs,
    InputSpec,
    count_images,
    doubts,
    group_labels,
    images_per_run,
)
from sparsesim.inputs.labels import Labels, checked
from sparsesim.inputs.stored import Stored, header

_LABEL_NAMES = ("labels", "y")
_DATA_NAMES = ("x", "images", "data")


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

    In a model of several inputs an array for one run is fed with every run.

    Raises:
        InputError: an array does not fit its input, or arrays disagree on the number of images.
    """
    cuts = {spec.name: cut_of(chosen[spec.name], spec) for spec in expected}
    many = {name: cut.runs for name, cut in cuts.items() if cut.runs != 1}
    if len(set(many.values())) > 1:
        said = ", ".join(f"'{name}' {cuts[name].images}" for name in many)
        raise InputError(
            f"{path}: arrays disagree on the number of images: {said}; --batch-axis says which "
            "axes hold them"
        )
    runs, batch = max(many.values(), default=1), images_per_run(expected)
    rows = [cut.images for cut in cuts.values() if cut.spec.batch == batch and cut.runs == runs]
    total = max(rows, default=0) if 0 in many.values() else max([runs * batch, *rows])
    share = count_images(total, batch, images, str(path))
    found = find_labels(total)

    def stream() -> Iterator[Feed]:
        columns: list[Iterator[np.ndarray]] = []
        for spec in expected:
            values = cuts[spec.name].values()
            shared = cuts[spec.name].runs == 1 and share.runs > 1
            columns.append(repeat(next(values)) if shared else values)
        for row in zip(*columns, strict=False):  # repeated ones never end
            yield {spec.name: array for spec, array in zip(expected, row, strict=True)}

    notes = str(share)
    if found:
        notes += f"; labels from {found.origin}"
    return Inputs(
        share.runs,
        group_labels(found.values if found else None, share.runs, batch),
        f"{path} ({notes})",
        False,
        stream,
        images_per_run=batch,
        warnings=(*doubts(expected), *share.warnings),
    )


def _stored(opened: Callable[[], IO[bytes]], stored_bytes: int, where: str) -> Stored:
    try:
        with opened() as stream:
            shape, fortran, dtype = header(stream)
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
