"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from sparsesim.errors import SparseSimError, nearest
from sparsesim.files import write_text, writing


def refused(path, **more) -> str:
    with pytest.raises(SparseSimError) as raised:
        write_text(path, "new", **more)
    return str(raised.value)


def test_text_is_written(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "grüß\n")
    assert path.read_bytes() == "grüß\n".encode()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert refused(path) == f"{path}: exists; use --force to overwrite it"
    write_text(path, "new", force=True)
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_places_that_take_no_file(tmp_path):
    (tmp_path / "file").touch()
    assert refused(tmp_path, force=True) == f"{tmp_path}: is a folder; name a file"
    nowhere = tmp_path / "none" / "a"
    assert refused(nowhere) == f"{nowhere}: its folder does not exist"
    inside = tmp_path / "file" / "a"
    assert refused(inside) == f"{inside}: its folder does not exist"
    write_text(tmp_path / ("a" * 255), "as long as a name can be")
    long = tmp_path / ("a" * 300)
    assert refused(long) == f"{long}: cannot be written: File name too long"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("existed", [False, True])
def test_failures_leave_what_was_there(tmp_path, error, existed):
    path = tmp_path / "a"
    if existed:
        path.write_text("old")
    with (
        pytest.raises((SparseSimError, KeyboardInterrupt)) as raised,
        writing(path, force=True) as beside,
    ):
        beside.write_text("half")
        raise error
    if isinstance(error, OSError):
        assert str(raised.value) == f"{path}: cannot be written: No space left"
    assert os.listdir(tmp_path) == ["a"] * existed
    assert not existed or path.read_text() == "old"


def test_hints():
    assert nearest("row", ["rows", "cols"]) == "did you mean 'rows'?"
    assert nearest("zzz", ["rows", "cols"]) == "use one of rows, cols"
