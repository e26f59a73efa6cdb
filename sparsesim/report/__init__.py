"""Reports: a `Result` as text, CSV, Markdown or one HTML page. They read a result, nothing else.

`compare` and `explain` are beside them; both give a renderable for a rich console.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sparsesim.errors import SpecError, nearest
from sparsesim.files import refuse_existing, write_text
from sparsesim.result.model import Result

KINDS = ("text", "csv", "markdown", "html")
"""Each is a module here with a function of that name."""


def render(result: Result, kind: str) -> str:
    """A result in one of the kinds.

    Args:
        result: of an estimate.
        kind: one of `KINDS`.
    Returns:
        the whole file as text; `text` is 80 columns wide, without colours.
    Raises:
        SpecError: unknown kind.
    """
    check_kind(kind)
    made = getattr(import_module(f"sparsesim.report.{kind}"), kind)(result)
    if isinstance(made, str):
        return made
    from sparsesim.report.console import plain  # lazy: rich

    return plain(made)


def check_kind(kind: str) -> None:
    """Raise SpecError where a kind is unknown: before any work is done for it."""
    if kind not in KINDS:
        raise SpecError(f"unknown report '{kind}'; {nearest(kind, KINDS)}")


def write(result: Result, kind: str, path: str | Path, force: bool = False) -> None:
    """Write a report, whole or not at all.

    Args:
        result: of an estimate.
        kind: one of `KINDS`.
        path: of the file.
        force: overwrite it where it exists.
    Raises:
        SparseSimError: unknown kind, the file exists, or it cannot be written.
    """
    refuse_existing(path, force)
    write_text(path, render(result, kind), force)
