"""Pictures as files: a folder, a zip, a pattern such as `photos/cat_*.png`, or one picture.

Not other archives. A zip's members are read in memory and never extracted, whatever their paths.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from sparsesim.errors import InputError
from sparsesim.inputs.labels import Labels, read_labels
from sparsesim.inputs.pictures import Pictures

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")

_TABLES = ("labels.tsv", "labels.csv")


def folder_pictures(folder: Path, pattern: str | None = None) -> Pictures:
    """Pictures of a folder and its sub-folders, sorted by path, or those that match a pattern.

    Raises:
        InputError: none there.
    """
    where = str(folder / pattern) if pattern else str(folder)
    found = folder.glob(pattern) if pattern else folder.rglob("*")
    names = _sorted_pictures(p.relative_to(folder).as_posix() for p in found if p.is_file())
    return _pictures(
        where, names, folder, lambda: (_read(folder / name) for name in names), f"{folder}/"
    )


def zip_pictures(path: Path) -> Pictures:
    """Pictures of a zip file, sorted by path.

    Raises:
        InputError: not a zip file, or no pictures in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = _sorted_pictures(archive.namelist())
    except (zipfile.BadZipFile, ValueError):
        raise InputError(f"{path}: is no zip file, or a damaged one") from None

    def files() -> Iterator[bytes]:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                try:
                    yield archive.read(name)
                except Exception:  # zipfile raises many kinds: CRC, encryption, compression
                    raise InputError(f"{path}: {name} is damaged or encrypted") from None

    return _pictures(str(path), names, path.parent, files, f"{path}: ")


def file_picture(path: Path) -> Pictures:
    """One picture."""
    return _pictures(
        str(path), (path.name,), path.parent, lambda: iter((_read(path),)), f"{path.parent}/"
    )


def decoded(stored: bytes, name: str) -> np.ndarray:
    """Pixels of a picture.

    Args:
        stored: the file's bytes.
        name: for errors.
    Returns:
        uint8, shape (height, width, 1) if it is gray, else (height, width, 3) in RGB; alpha is
        dropped, and a turn in the EXIF data is not applied, as in torchvision.
    Raises:
        InputError: damaged, cut short, or deeper than 8 bits.
    """
    picture = _opened(stored, name)
    if picture.mode.startswith(("I", "F")):
        raise InputError(f"{name}: has pixels of mode {picture.mode}; use 8 bits a channel")
    gray = picture.mode in ("1", "L", "LA")
    try:
        pixels = np.asarray(picture.convert("L" if gray else "RGB"))
    except Exception:  # Pillow raises many kinds on damaged files
        raise _damaged(name) from None
    return pixels.reshape(*pixels.shape[:2], 1 if gray else 3)


def picture_size(stored: bytes, name: str) -> tuple[int, int]:
    """Width and height of a picture, from its header."""
    return _opened(stored, name).size


def _opened(stored: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(stored))
    except Exception:  # Pillow raises many kinds on damaged files
        raise _damaged(name) from None


def _damaged(name: str) -> InputError:
    return InputError(f"{name}: is no picture, or a damaged or cut one")


def _pictures(
    where: str,
    names: tuple[str, ...],
    beside: Path,
    files: Callable[[], Iterator[bytes]],
    prefix: str,
) -> Pictures:
    if not names:
        raise InputError(f"{where}: holds no images; use {', '.join(SUFFIXES)}")

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        for name, stored in zip(names, files(), strict=True):
            yield prefix + name, decoded(stored, prefix + name)

    return Pictures(
        total=len(names),
        stream=stream,
        where=where,
        names=names,
        own_labels=lambda: _own_labels(names, beside),
        raw=files,
    )


def _own_labels(names: tuple[str, ...], beside: Path) -> Labels | None:
    for table in _TABLES:
        if (beside / table).is_file():
            return read_labels(beside / table, len(names), names)
    return _folder_labels(names)


def _folder_labels(names: tuple[str, ...]) -> Labels | None:
    """Sub-folders as classes, in sorted order; a folder that holds everything is no class."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    depth = 0
    while all(len(parts) > depth for parts in folders):
        classes = sorted({parts[depth] for parts in folders})
        if len(classes) > 1:
            index = {name: i for i, name in enumerate(classes)}
            values = np.array([index[parts[depth]] for parts in folders], dtype=np.int64)
            return Labels(values, f"{len(classes)} sub-folders")
        depth += 1
    return None


def _sorted_pictures(names: Iterator[str] | list[str]) -> tuple[str, ...]:
    """Picture names, without hidden files and the shadows that macOS puts into zips."""
    return tuple(
        sorted(
            name
            for name in names
            if name.lower().endswith(SUFFIXES)
            and not any(_hidden(part) for part in PurePosixPath(name).parts)
        )
    )


def _hidden(part: str) -> bool:
    return part == "__MACOSX" or (part.startswith(".") and part != "..")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
