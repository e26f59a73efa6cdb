"""Progress bars for what takes more than two seconds; silent where stderr is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sparsesim.cli.interrupt import check

_PATIENCE_SECONDS = 2.0
_LINE_SECONDS = 60.0  # between two lines of a training where there is no terminal


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


@contextmanager
def labelled_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with what is going on, how much is done, and of how much or 0."""
    began = time.monotonic()
    bar: Any = None

    def show(label: str, done: int, total: int) -> None:
        nonlocal bar
        check()
        if not sys.stderr.isatty() or (
            bar is None and time.monotonic() - began < _PATIENCE_SECONDS
        ):
            return
        if bar is None:
            bar = _bar()
            bar.start()
            bar.add_task(label)
        bar.update(bar.task_ids[0], completed=done, total=total or None, description=label)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


@contextmanager
def training_progress() -> Iterator[Callable[[Any], None]]:
    """Gives a function to call with what a training says after each step.

    On a terminal a bar with loss, gradient sparsity, accuracy and time left; elsewhere a line with
    the same whenever the accuracy was measured, and once a minute.
    """
    began = time.monotonic()
    first: int | None = None  # steps that a resumed one has not done itself
    last_line = began
    bar: Any = None

    def show(now: Any) -> None:
        nonlocal bar, first, last_line
        check()
        moment = time.monotonic()
        if first is None:
            first = now.step - 1
        left = (now.steps - now.step) * (moment - began) / (now.step - first)
        words = f"loss {now.loss:.3f}, gradient 0s {now.sparsity:.1%}"
        if now.accuracy is not None:
            words += f", test {now.accuracy:.1%}"
        words += f", {_clock(left)} left"
        if sys.stderr.isatty():
            if bar is None:
                bar = _training_bar()
                bar.start()
                bar.add_task(words, total=now.steps)
            bar.update(bar.task_ids[0], completed=now.step, description=words)
        elif now.epoch_ends or moment - last_line >= _LINE_SECONDS:
            print(f"step {now.step:,} of {now.steps:,}: {words}", file=sys.stderr, flush=True)
            last_line = moment

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with a file's name, its bytes that have come, and all of them (0:
    not known)."""
    bar: Any = None
    shown = ""

    def show(name: str, done: int, total: int) -> None:
        nonlocal bar, shown
        check()
        if not sys.stderr.isatty():
            return
        if bar is None:
            bar = _download_bar()
            bar.start()
        if name != shown:
            shown = name
            bar.add_task(name, total=total or None)
        bar.update(bar.task_ids[-1], completed=done)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


def _download_bar():
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TimeLeft(),
        console=Console(stderr=True),
        transient=True,
    )


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: `0:12:34`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _training_bar():
    """Narrow: what a training says fills a line of 80 columns."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TaskProgressColumn(),
        console=Console(stderr=True),
        transient=True,
    )


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
