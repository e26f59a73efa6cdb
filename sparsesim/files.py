"""Writing files whole or not at all: beside, then renamed; nothing existing is lost unasked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sparsesim.errors import SparseSimError


def refuse_existing(path: str | Path, force: bool) -> None:
    """Raise where a file exists that must not be overwritten: before any work is done for it.

    Raises:
        SparseSimError: it exists, is a folder, its folder doesn't exist, or it cannot be a file.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise SparseSimError(f"{path}: is a folder; name a file")
        if not path.parent.is_dir():
            raise SparseSimError(f"{path}: its folder does not exist")
        if path.exists() and not force:
            raise SparseSimError(f"{path}: exists; use --force to overwrite it")
    except OSError as error:  # such as a name too long
        raise SparseSimError(f"{path}: cannot be written: {error.strerror or error}") from error


def refuse_filled(folder: Path, force: bool, use: str = "--force to write into it") -> None:
    """Raise where a folder to write into is none, or holds something: before any work for it.

    Args:
        folder: may be absent; its own folder may not.
        force: what it holds is no reason to refuse it.
        use: what the message advises where it holds something.
    Raises:
        SparseSimError: its own folder doesn't exist, it is a file, or it is not empty without
            `force`.
    """
    if not folder.parent.is_dir():
        raise SparseSimError(f"{folder}: its folder does not exist")
    if folder.exists() and not folder.is_dir():
        raise SparseSimError(f"{folder}: is a file; name a folder")
    if folder.exists() and any(folder.iterdir()) and not force:
        raise SparseSimError(f"{folder}: is not empty; use {use}")


@contextmanager
def writing(path: str | Path, force: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to; renamed to it at the end, removed on any failure.

    Raises:
        SparseSimError: the file exists and `force` is not set, or it cannot be written.
    """
    path = Path(path)
    refuse_existing(path, force)
    handle, beside = -1, None
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        os.close(handle)
        yield Path(beside)
        mode = 0o666 & ~_umask()
        os.chmod(beside, mode)
        os.replace(beside, path)
    except OSError as error:
        raise SparseSimError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if beside is not None:
            with suppress(FileNotFoundError):
                os.unlink(beside)


def write_text(path: str | Path, text: str, force: bool = False) -> None:
    """Write a text file whole or not at all."""
    with writing(path, force) as beside:
        beside.write_text(text, encoding="utf-8")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder, all or, where one can't be written, none; others in it stay.

    Args:
        folder: made where there is none.
        files: name -> content.
    Raises:
        SparseSimError: they cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name[:40]}.", dir=folder.parent) as part:
            for name, content in files.items():
                (Path(part) / name).write_bytes(content)
            folder.mkdir(exist_ok=True)
            for name in files:
                os.replace(Path(part) / name, folder / name)
    except OSError as error:
        raise SparseSimError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
