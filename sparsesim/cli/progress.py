"""Progress bars for what takes more than two seconds; silent where stderr is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sparsesim.cli.interrupt import check

_PATIENCE_SECONDS = 2.0


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how many are done."""
    if not sys.stderr.isatty():
        yield lambda done: check()
        return
    bar = None
    began = time.monotonic()

    def show(done: int) -> None:
        nonlocal bar
        check()
        if bar is None:
            if time.monotonic() - began < _PATIENCE_SECONDS:
                return
            bar = _bar()
            bar.start()
            bar.add_task(label, total=total)
        bar.update(bar.task_ids[0], completed=done)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


@contextmanager
def cycles_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function to call with the cycles done and all that are known of; shows their rate."""
    began = time.monotonic()
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        check()
        seconds = time.monotonic() - began
        if not sys.stderr.isatty() or (bar is None and seconds < _PATIENCE_SECONDS):
            return
        if bar is None:
            bar = _bar()
            bar.start()
            bar.add_task(label, total=total)
        rate = f"{label}, {done / seconds / 1000:,.0f} k cycles/s"
        bar.update(bar.task_ids[0], completed=done, total=total, description=rate)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


def _bar():
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=Console(stderr=True),
        transient=True,
    )
