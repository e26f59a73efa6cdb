"""What a training says while it runs, on a terminal and elsewhere; time left by a stopped clock."""

from __future__ import annotations

import io
import re

import pytest

from sparsesim.cli import progress
from sparsesim.train.training import Progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when the test says so."""

    class Clock:
        now = 1000.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_lines_where_there_is_no_terminal(clock, capsys):
    """A line when accuracy was measured and once a minute; a resumed one counts only its steps."""
    with progress.training_progress() as show:
        for step, accuracy in ((1001, None), (1002, 0.5), (1003, 0.5), (1004, 0.5)):
            clock.now += 45.0
            show(Progress(step, 2000, 0.25, 0.125, accuracy, step == 1002))
    assert capsys.readouterr().err.splitlines() == [
        "step 1,002 of 2,000: loss 0.250, gradient 0s 12.5%, test 50.0%, 12:28:30 left",
        "step 1,004 of 2,000: loss 0.250, gradient 0s 12.5%, test 50.0%, 12:27:00 left",
    ]


def test_a_bar_on_a_terminal_of_80_columns(clock, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with progress.training_progress() as show:
        show(Progress(1, 200, 1.5, 0.9987, 0.25, False))
        clock.now += 3600.0
        show(Progress(100, 200, 1.5, 0.9987, 0.25, False))
    shown = re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n")
    lines = [line.strip() for line in shown.splitlines() if "loss" in line]
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].startswith("loss 1.500, gradient 0s 99.9%, test 25.0%, 1:00:00 left ")
    assert lines[-1].endswith(" 50%")


def test_downloads_are_silent_where_there_is_no_terminal(capsys):
    with progress.download_progress() as show:
        show("a.gz", 10, 0)
        show("a.gz", 20, 20)
    assert capsys.readouterr().err == ""
