"""A study that only one machine has: a question about its own parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Study:
    """One of a machine's studies.

    Attributes:
        answers: what, in a line.
        module: where it is; loaded when it is asked for.
        function: of that module; it takes a trace, an accelerator and a device, and by name what
            the study's verb takes, and gives a record.
    """

    answers: str
    module: str
    function: str

    def load(self) -> Callable[..., Any]:
        """Its function."""
        found: Callable[..., Any] = getattr(import_module(self.module), self.function)
        return found
