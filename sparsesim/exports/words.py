"""Words that several kinds use: where an export comes from, and which layers are meant."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim import __version__
from sparsesim.graph.names import printable
from sparsesim.trace import Trace

_NAMED = 3


def few(names: Sequence[str]) -> str:
    """Names of layers in a sentence: the first three, and how many more.

    >>> few(["a", "b"]), few(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def origin(trace: Trace) -> str:
    """One line: the model, what was done to it, the inputs, the tool."""
    source = trace.source
    rewrites = "".join(f", {rewrite}" for rewrite in source.rewrites)
    drawn = " (drawn, not real)" if source.random_inputs else ""
    runs = f"{source.images} image{'s' if source.images != 1 else ''}"
    if source.images_per_run > 1:
        runs = f"{source.runs} x {source.images_per_run} images"
    return printable(
        f"{source.model}{rewrites}; {runs} of {source.inputs}{drawn}; sparsesim {__version__}"
    )
