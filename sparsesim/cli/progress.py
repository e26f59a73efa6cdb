"""Progress on stderr: bars on a terminal; elsewhere nothing, but for trainings a line at times."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sparsesim.cli.interrupt import check

_PATIENCE_SECONDS = 2.0  # what is done by then shows no bar
_LINE_SECONDS = 60.0  # between two lines of a training where there is no terminal


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how many are done."""
    with _bar() as update:
        yield lambda done: update(label, done, total)


@contextmanager
def cycles_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function to call with the cycles done and all that are known of; shows their rate."""
    began = time.monotonic()

    def rate(done: int) -> str:
        seconds = max(time.monotonic() - began, 1e-9)
        return f"{label}, {done / seconds / 1000:,.0f} k cycles/s"

    with _bar() as update:
        yield lambda done, total: update(rate(done), done, total)


@contextmanager
def labelled_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with what is going on, how much is done, and of how much or 0."""
    with _bar() as update:
        yield update


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with a file's name, its bytes that have come, and all of them (0:
    not known)."""
    with _bar("download", patient=False) as update:
        yield update


@contextmanager
def training_progress() -> Iterator[Callable[[Any], None]]:
    """Gives a function to call with what a training says after each step.

    On a terminal a bar with loss, gradient sparsity, accuracy and time left; elsewhere a line with
    the same whenever the accuracy was measured, and once a minute.
    """
    began = time.monotonic()
    first: int | None = None  # steps that a resumed one has not done itself
    last_line = began

    with _bar("narrow", patient=False) as update:

        def show(now: Any) -> None:
            nonlocal first, last_line
            moment = time.monotonic()
            if first is None:
                first = now.step - 1
            left = (now.steps - now.step) * (moment - began) / (now.step - first)
            words = f"loss {now.loss:.3f}, gradient 0s {now.sparsity:.1%}"
            if now.accuracy is not None:
                words += f", test {now.accuracy:.1%}"
            words += f", {_clock(left)} left"
            update(words, now.step, now.steps)
            quiet = not sys.stderr.isatty()
            if quiet and (now.epoch_ends or moment - last_line >= _LINE_SECONDS):
                print(f"step {now.step:,} of {now.steps:,}: {words}", file=sys.stderr, flush=True)
                last_line = moment

        yield show


@contextmanager
def _bar(kind: str = "", patient: bool = True) -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with a label, how much is done, and of how much or 0.

    Each call also lets Ctrl-C through. The bar is there only on a terminal, from the first call on,
    or where it is patient, from the first that comes late.
    """
    began = time.monotonic()
    bar: Any = None

    def update(label: str, done: int, total: int) -> None:
        nonlocal bar
        check()
        if not sys.stderr.isatty():
            return
        if bar is None:
            if patient and time.monotonic() - began < _PATIENCE_SECONDS:
                return
            bar = _columns(kind)
            bar.start()
            bar.add_task(label)
        bar.update(bar.task_ids[0], completed=done, total=total or None, description=label)

    try:
        yield update
    finally:
        if bar is not None:
            bar.stop()


def _columns(kind: str) -> Any:
    """A bar of rich's: plain, for a `download`, or `narrow`, beside a text that fills a line."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    behind: list[Any] = [MofNCompleteColumn(), TimeRemainingColumn()]
    width = 40
    if kind == "download":
        behind, width = [DownloadColumn(), TimeRemainingColumn()], 20
    elif kind == "narrow":
        behind, width = [TaskProgressColumn()], 10
    from sparsesim.report.console import terminal

    text = TextColumn("{task.description}", markup=False)
    console = terminal(stderr=True)
    return Progress(text, BarColumn(bar_width=width), *behind, console=console, transient=True)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: `0:12:34`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
