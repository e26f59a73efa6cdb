"""Folders that are made once and kept: whole or not at all, whoever is killed or builds beside us.

Their names carry a hash of all that they were made from, so nothing in here ever goes stale.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sparsesim.cache_root import cache_root
from sparsesim.errors import SparseSimError


def cache_folder() -> Path:
    """The folder of all builds: beside the compiled kernels' (environment: SPARSESIM_CACHE)."""
    return cache_root().resolve() / "rtl"


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name in the cache; made first where it is not there yet.

    It is made beside and renamed, so an interrupted or failing `make` leaves nothing that a later
    run takes for whole. Where two processes want the same folder, one makes it and one waits.

    Args:
        name: the folder's name, with a hash of all that its content depends on.
        make: fills the empty folder that it is given; what it raises is raised here.
    Raises:
        SparseSimError: the cache cannot be written (no right, a full disk).
    """
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    try:
        locks = folder.with_name(".locks")
        locks.mkdir(parents=True, exist_ok=True)
        with _alone(locks / name):
            if not folder.is_dir():
                _make(folder, make)
    except OSError as error:
        raise SparseSimError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    for left in folder.parent.glob(f".{folder.name}.*"):  # of runs that were killed
        shutil.rmtree(left, ignore_errors=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        make(beside)
        os.chmod(beside, 0o755)
        os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other process has this lock; the system frees it when its holder dies."""
    with open(lock, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
