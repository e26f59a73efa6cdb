"""Ctrl-C that gets through: callbacks of compiled libraries swallow exceptions, and with them the
`KeyboardInterrupt` of a Ctrl-C in that moment. It is remembered, and raised again at the next
report of progress."""

from __future__ import annotations

import signal
import sys
from typing import Any

_came = False


def watch() -> None:
    """Remember Ctrl-C from here on; where it is ignored (as under nohup) it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _remember)
        sys.unraisablehook = _without_interrupts


def check() -> None:
    """Raise what was swallowed.

    Raises:
        KeyboardInterrupt: Ctrl-C came.
    """
    if _came:
        raise KeyboardInterrupt


def _remember(*_: Any) -> None:
    global _came
    _came = True
    raise KeyboardInterrupt


def _without_interrupts(unraisable: sys.UnraisableHookArgs) -> None:
    """No word about a swallowed one: it comes again."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
