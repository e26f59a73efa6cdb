"""Formats that are not the package's own: by a file, or by an entry point of another package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sparsesim.errors import SpecError
from sparsesim.formats.format import Format
from sparsesim.own_entry import load_entry, made_without_arguments
from sparsesim.own_file import load_function

GROUP = "sparsesim.formats"
"""The entry points of other packages: each a format, or what makes one without arguments."""


def is_file(name: str) -> bool:
    """Whether a format's name is `file.py:name`."""
    return ".py:" in name


def of_file(name: str) -> Format:
    """The format that a file defines, a class or a function without arguments; called by `name`.

    Raises:
        SpecError: no such file, one that does not run, or nothing that makes a format.
    """
    return _made(name, load_function(name))


@cache
def installed() -> dict[str, EntryPoint]:
    """The entry points by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def of_entry_point(name: str) -> Format:
    """The format of an entry point, called by its name.

    Raises:
        SpecError: it does not load, or makes no format.
    """
    return _made(name, load_entry("format", name, installed()[name]))


def _made(name: str, found: Any) -> Format:
    is_made = isinstance(found, Format)
    made = found if is_made else made_without_arguments("format", name, found)
    if not isinstance(made, Format):
        raise SpecError(
            f"format '{name}': gives {type(made).__name__}; give a class derived from "
            "sparsesim.formats.Format, or a function that returns one of it"
        )
    made.name = name  # type: ignore[misc]  # a class's own name is for `register_format`
    return made
