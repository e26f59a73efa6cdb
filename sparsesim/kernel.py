"""The one decorator of all Numba kernels, and the folder of their compiled code.

Numba's cache looks only at a kernel's own file, so the cache folder is named by a hash of every
file that has a kernel or a part of one in it: an edit to any of them starts a fresh cache. Its
index knows the processor's name and features: each kind of processor gets code of its own from it.
Parallelism is not in here: kernels release the GIL and the callers spread independent blocks over
threads (docs/decisions/threads.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

from sparsesim.cache_root import cache_root

_PACKAGE = Path(__file__).parent


@cache
def cache_dir() -> Path:
    """The folder with the compiled kernels of exactly these sources."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if b"@kernel" in source or b"numba" in source:
            digest.update(source)
    digest.update(Path(__file__).read_bytes())
    return cache_root() / f"kernels-{digest.hexdigest()[:16]}"


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel: no Python objects, no GIL, no fastmath, cached on disk."""
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(cache_dir())  # type: ignore[attr-defined]
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
