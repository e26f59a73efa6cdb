"""What the paper prints, from `published.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def published(name: str) -> dict[str, Any]:
    """One table or figure.

    Args:
        name: `table1` to `table6`, `figure3` to `figure7`.
    """
    path = Path(__file__).with_name("published.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))[name]
