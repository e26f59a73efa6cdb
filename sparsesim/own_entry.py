"""What another package offers by an entry point: loaded, and made; every failure is one line."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

from sparsesim.errors import SpecError


def load_entry(kind: str, name: str, entry: EntryPoint) -> Any:
    """What an entry point stands for.

    Args:
        kind: what an error calls it: `machine`, `format`.
        name: as users type it.
        entry: of that name.
    Raises:
        SpecError: it does not load.
    """
    try:
        return entry.load()
    except Exception as error:
        raise SpecError(f"{kind} '{name}' of {entry.value} does not load: {error}") from error


def made_without_arguments(kind: str, name: str, make: Callable[[], Any]) -> Any:
    """What a class or a function of another package gives.

    Raises:
        SpecError: it fails.
    """
    try:
        return make()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise SpecError(f"{kind} '{name}': is made without arguments, which fails: {said}") from (
            error
        )
