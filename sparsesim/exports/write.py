"""Exports on disk: whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sparsesim.errors import SparseSimError
from sparsesim.exports import Export, Kind
from sparsesim.files import refuse_existing, refuse_filled, write_folder, writing


def refuse_path(kind: Kind, path: str | Path, force: bool) -> None:
    """Raise where an export cannot go: before any work is done for it.

    Raises:
        SparseSimError: something is there and `force` is not set, a folder that does not exist, or
            a name that the tool does not take.
    """
    if not str(path).endswith(kind.suffix):
        raise SparseSimError(f"{path}: the tool takes no other name than *{kind.suffix}")
    if kind.is_folder:
        refuse_filled(Path(path), force)
    else:
        refuse_existing(path, force)


def write(made: Export, kind: Kind, path: str | Path, force: bool) -> None:
    """Write an export.

    Args:
        made: of that kind.
        path: a file, or a folder where the kind is one; it is made where it is absent.
        force: overwrite what is there; other files of a folder stay.
    Raises:
        SparseSimError: something is there and `force` is not set, or it cannot be written.
    """
    refuse_path(kind, path, force)
    if kind.is_folder:
        write_folder(Path(path), made.files)
        return
    with writing(path, force) as beside:
        beside.write_bytes(made.files[""])
