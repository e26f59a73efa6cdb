"""Fetching a public data set: files come as NAME.part and get their name when their sum holds.

So a download that was cut never looks like a data set, and goes on where it was. Not the list of
sets: `public.py` has that.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from sparsesim.errors import InputError
from sparsesim.files import writing
from sparsesim.train.public import PublicFile, PublicSet

_CHUNK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 30.0

Shown = Callable[[str, int, int], None]  # file, bytes there, bytes in all (0: not known)


def fetch(
    wanted: PublicSet,
    folder: Path,
    base: str | None = None,
    progress: Shown = lambda name, done, total: None,
) -> tuple[str, ...]:
    """Fetch what is not there yet.

    Args:
        wanted: the data set.
        folder: exists; gets the files.
        base: another URL to fetch from, such as a mirror's; None: the set's own.
        progress: called with what has come of a file.
    Returns:
        names of the files that are new in the folder.
    Raises:
        InputError: no network, a refusal, a cut connection, a wrong sum, a file of that name that
            is another one, or a full disk.
    """
    new: list[str] = []
    for file in wanted.files:
        if file.members:
            if all((folder / member).is_file() for member in file.members):
                continue
        elif (folder / file.name).is_file():
            _check_kept(folder / file.name, file, wanted)
            continue
        part = folder / f"{file.name}.part"
        try:
            _download((base or wanted.base) + file.name, part, file, wanted, progress)
            if file.members:
                new += _unpack(part, folder, file)
                part.unlink()
            else:
                part.rename(folder / file.name)
                new.append(file.name)
        except OSError as error:
            where = error.filename or part
            raise InputError(f"{where}: cannot be written: {error.strerror or error}") from None
    return tuple(new)


def _check_kept(path: Path, file: PublicFile, wanted: PublicSet) -> None:
    found = _md5(path)
    if found != file.md5:
        raise InputError(
            f"{path}: has MD5 {found}, that of {wanted.name} is {file.md5}; move it away to fetch "
            "the right one"
        )


def _download(url: str, part: Path, file: PublicFile, wanted: PublicSet, show: Shown) -> None:
    """The whole file as `part`, its sum checked; what was there of it is not fetched again."""
    there = part.stat().st_size if part.is_file() else 0
    if not there or _md5(part) != file.md5:
        resumed = _receive(url, part, there, show)
        found = _md5(part)
        if found != file.md5 and resumed:  # the first half was of something else
            _receive(url, part, 0, show)
            found = _md5(part)
        if found != file.md5:
            part.unlink()
            raise InputError(
                f"{url}: has MD5 {found}, not {file.md5} as {wanted.sums} says; it was deleted"
            )


def _receive(url: str, part: Path, there: int, show: Shown) -> bool:
    """Write what the server sends; True where it went on behind `there` bytes."""
    with _answer(url, there) as answer:
        resumed = there > 0 and answer.status == 206
        came = there if resumed else 0
        length = answer.headers.get("Content-Length", "")
        total = came + int(length) if length.isdecimal() else 0
        with part.open("ab" if resumed else "wb") as out:
            while chunk := _read(answer, url):
                out.write(chunk)
                came += len(chunk)
                show(part.stem, came, total)
    if came < total:
        raise _cut(url, f"after {came:,} of {total:,} bytes")
    return resumed


def _answer(url: str, there: int) -> http.client.HTTPResponse:
    """The server's, from byte `there` on if it can."""
    headers = {"User-Agent": "sparsesim"} | ({"Range": f"bytes={there}-"} if there else {})
    request = urllib.request.Request(url, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and there:  # no byte behind those that are there; their sum is wrong
            return _answer(url, 0)
        raise InputError(f"{url}: the server answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        told = getattr(reason, "strerror", None) or reason
        raise InputError(f"{url}: cannot be reached: {told}; is there a network?") from None


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(_CHUNK_BYTES)
    except (http.client.HTTPException, OSError) as error:
        raise _cut(url, f"({error})") from None


def _cut(url: str, when: str) -> InputError:
    return InputError(f"{url}: the connection was cut {when}; run the command again to go on")


def _unpack(archive: Path, folder: Path, file: PublicFile) -> list[str]:
    """The members that are wanted, each whole or not at all, whatever folders they lie in."""
    missing = list(file.members)
    try:
        with tarfile.open(archive, "r:*") as opened:
            for entry in opened:
                name = PurePosixPath(entry.name).name
                stream = opened.extractfile(entry) if name in missing else None
                if stream is None:
                    continue
                with stream, writing(folder / name, True) as beside, beside.open("wb") as out:
                    shutil.copyfileobj(stream, out)
                missing.remove(name)
    except (tarfile.TarError, EOFError, zlib.error):
        raise InputError(f"{archive}: is no archive, or a damaged one") from None
    if missing:
        raise InputError(f"{archive}: holds no {missing[0]}")
    return list(file.members)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
