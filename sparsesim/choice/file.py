"""Choices as JSON files: written whole or not at all, checked when read."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from sparsesim.choice.record import SCHEMA, Choice
from sparsesim.errors import SpecError, TraceError
from sparsesim.files import write_text
from sparsesim.spec.accelerator import STORED


def save_choice(choice: Choice, path: str | Path, force: bool = False) -> None:
    """Write a choice as JSON.

    Raises:
        SparseSimError: the file exists and `force` is not set, or it cannot be written.
    """
    write_text(path, choice.model_dump_json(indent=1) + "\n", force)


def load_choice(path: str | Path) -> Choice:
    """Read a choice.

    Raises:
        TraceError: no such file, not JSON, no choice, or of another schema.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise TraceError(f"{path}: not a choice: no JSON; make one by 'choose -o'") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise TraceError(f"{path}: not a choice of schema {SCHEMA}, but of {schema!r}")
    try:
        return Choice.model_validate(found, context=STORED)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TraceError(f"{path}: not a choice: {where}: {first['msg']}") from None
    except SpecError as error:
        raise TraceError(f"{path}: not a choice: {error}") from None


def is_choice(path: str | Path) -> bool:
    """Whether a file looks like what `save_choice` wrote; False for one that cannot be read."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and str(found.get("schema")).startswith("sparsesim.choice/")
