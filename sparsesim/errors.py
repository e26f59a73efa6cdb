"""Errors that a user can cause; each message is one line: what, where, what came, what is allowed.

Not for broken invariants of our own: those stay ordinary Python exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SparseSimError(Exception):
    """A mistake in what the user gave; the command line prints it on one line and exits with 2.

    Names out of files may hold anything: what does not print is escaped.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


class SpecError(SparseSimError):
    """An accelerator, device, thresholds or other setting that does not hold together."""


class ModelError(SparseSimError):
    """A model that cannot be read or run."""


class InputError(SparseSimError):
    """Input data that cannot be read or that the model does not take."""


class TraceError(SparseSimError):
    """A trace or result file that cannot be read or does not fit its use."""


def nearest(name: str, known: Iterable[str], where: str = "") -> str:
    """A hint naming the closest known word, or all of them: `did you mean 'rows'?`.

    Args:
        name: what came.
        known: what is allowed.
        where: the command that lists them, where they are too many for a line.
    Returns:
        text without a final stop.
    """
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"see {where}" if where else "use one of " + ", ".join(known)
