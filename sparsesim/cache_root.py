"""Where all that is made once and kept lies: compiled kernels, simulators, syntheses."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The folder: `SPARSESIM_CACHE`, or `sparsesim` in the user's cache (`XDG_CACHE_HOME`)."""
    root = os.environ.get("SPARSESIM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"),
        "sparsesim",
    )
    return Path(root)
