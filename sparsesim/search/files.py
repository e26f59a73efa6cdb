"""The files of a search: its record as JSON, thresholds as the TOML of `--thresholds`."""

from __future__ import annotations

import json
from pathlib import Path

from sparsesim.errors import TraceError
from sparsesim.files import write_text
from sparsesim.search.result import SCHEMA, SearchResult, from_json
from sparsesim.spec.thresholds import Thresholds


def save_search(result: SearchResult, path: str | Path, force: bool = False) -> None:
    """Write a search as JSON."""
    write_text(path, json.dumps(result.as_json(), indent=1) + "\n", force)


def load_search(path: str | Path) -> SearchResult:
    """Read what `save_search` wrote.

    Raises:
        TraceError: no such file, or no search.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            raise TraceError(f"{path}: not a search of schema {SCHEMA}, but of {found['schema']!r}")
        return from_json(found)
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError, KeyError, TypeError):
        raise TraceError(f"{path}: not a search; make one by 'search -o'") from None


def is_search(path: str | Path) -> bool:
    """Whether a file looks like what `save_search` wrote; False for one that cannot be read."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and str(found.get("schema")).startswith("sparsesim-search-")


def thresholds_toml(thresholds: Thresholds, heading: str) -> str:
    """Magnitude thresholds as TOML.

    Args:
        thresholds: of `search`: numbers only.
        heading: lines of a comment at the top.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    if thresholds.blocks:
        lines += ["", "[blocks]"]
        lines += [f"{_key(k)} = {json.dumps(list(v))}" for k, v in thresholds.blocks.items()]
    for table in ("weights", "activations"):
        rules = getattr(thresholds, table)
        if rules:
            lines += ["", f"[{table}]"]
            lines += [f"{_key(k)} = {dict(r.parameters)['threshold']!r}" for k, r in rules.items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)  # a JSON string is a TOML basic string
