"""Ctrl-C that gets through: callbacks of compiled libraries swallow exceptions, and with them the
`KeyboardInterrupt` of a Ctrl-C in that moment. It is remembered, and raised again at the next
report of progress."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_came = False
_at_once: list[Callable[[], None]] = []


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


@contextmanager
def at_once(stop: Callable[[], None]) -> Iterator[None]:
    """Call this as soon as Ctrl-C comes: threads do not see the `KeyboardInterrupt`."""
    _at_once.append(stop)
    try:
        yield
    finally:
        _at_once.remove(stop)


@contextmanager
def postponed() -> Iterator[None]:
    """A first Ctrl-C waits for the next report of progress, so that no step is cut; a second one
    does not."""
    usual = signal.getsignal(signal.SIGINT)

    def note(*_: Any) -> None:
        global _came
        if _came:
            raise KeyboardInterrupt
        _came = True

    watched = usual is _remember
    if watched:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if watched:
            signal.signal(signal.SIGINT, usual)


def _remember(*_: Any) -> None:
    global _came
    _came = True
    for stop in _at_once:
        stop()
    raise KeyboardInterrupt


def _without_interrupts(unraisable: sys.UnraisableHookArgs) -> None:
    """No word about a swallowed one: it comes again."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
