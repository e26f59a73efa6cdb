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
        function: `module:name`, loaded when it is asked for; it takes a trace, an accelerator and a
            device, and by name what the study's verb takes, and gives a record.
        text: `module:name`, likewise; it makes a renderable for a rich console of the record.
    """

    answers: str
    function: str
    text: str

    def load(self) -> Callable[..., Any]:
        """Its function."""
        return _loaded(self.function)

    def load_text(self) -> Callable[[Any], Any]:
        """What shows its record."""
        return _loaded(self.text)


def _loaded(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
