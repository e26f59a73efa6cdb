"""A digest of the code that a point's numbers hang on: other code, other hash, counted anew."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_SHOWS_ONLY = {"cli", "report", "exports", "cosim", "train", "cuts", "intrinsic", "rtl", "tuning"}
_KINDS = {".py", ".toml", ".csv"}


@cache
def code_sha256() -> str:
    """64 hex digits over the package's files but for parts that only show, train or compare."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if path.suffix in _KINDS and inside.parts[0] not in _SHOWS_ONLY:
            digest.update(f"{inside.as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
