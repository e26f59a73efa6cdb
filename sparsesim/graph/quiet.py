"""Silence around libraries that print: their warnings would stand before our own words."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what is written to standard error meanwhile, from compiled code too, and warnings.

    It is the whole process's: for short calls that raise what matters.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # there is none
        kept = -1
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        if kept >= 0:
            os.dup2(nowhere, _STDERR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if kept >= 0:
            os.dup2(kept, _STDERR)
            os.close(kept)
        os.close(nowhere)
