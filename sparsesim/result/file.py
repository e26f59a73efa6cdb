"""Results as JSON files: written whole or not at all, checked when read."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from sparsesim.errors import SpecError, TraceError
from sparsesim.files import write_text
from sparsesim.result.model import SCHEMA, Result
from sparsesim.result.older import FIRST, brought_up
from sparsesim.spec.accelerator import STORED


def save_result(result: Result, path: str | Path, force: bool = False) -> None:
    """Write a result as JSON.

    Raises:
        SparseSimError: the file exists and `force` is not set, or it cannot be written.
    """
    write_text(path, result.model_dump_json(indent=1) + "\n", force)


def load_result(path: str | Path) -> Result:
    """Read a result.

    Raises:
        TraceError: no such file, not JSON, not a result, or of another schema.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise TraceError(f"{path}: not a result: no JSON; make one by 'estimate -o'") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema == FIRST:
        found, schema = brought_up(found, SCHEMA), SCHEMA
    if schema != SCHEMA:
        raise TraceError(f"{path}: not a result of schema {SCHEMA}, but of {schema!r}")
    try:
        return Result.model_validate(found, context=STORED)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]).encode("unicode_escape").decode()
        raise TraceError(f"{path}: not a result: {where}: {first['msg']}") from None
    except SpecError as error:
        raise TraceError(f"{path}: not a result: {error}") from None
