"""Reads one TOML file into a specification; every error is one line that starts with the file.

Not for finding packaged files by name: `spec/packaged.py`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from sparsesim.errors import SpecError
from sparsesim.spec.base import Spec

S = TypeVar("S", bound=Spec)


def read_toml(path: str | Path) -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        path: a file in UTF-8.
    Raises:
        SpecError: absent, a folder, unreadable, not UTF-8, not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_bytes().decode())
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise SpecError(f"{path}: is a folder; give a TOML file") from None
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: not UTF-8 text at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not valid TOML: {error}") from None


def load_spec(model: type[S], path: str | Path) -> S:
    """A specification from a TOML file; one without a `name` takes the file's.

    Args:
        model: the class to build.
        path: a TOML file with the keys of `model`.
    Raises:
        SpecError: as `read_toml`, and for what `model` refuses.
    """
    values = read_toml(path)
    if "name" in model.model_fields:
        values.setdefault("name", Path(path).stem)
    try:
        return model(**values)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None
