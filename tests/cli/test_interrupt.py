"""Ctrl-C that something swallowed comes again with the next report of progress."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

import pytest

from sparsesim import cli
from sparsesim.cli import interrupt
from sparsesim.cli.progress import cycles_progress, progress


@pytest.fixture
def watched(monkeypatch):
    """As the command line sets it up."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(interrupt, "_came", False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt.watch()
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("bar", "done"), [(progress("x", 2), (1,)), (cycles_progress("x"), (1, 2))]
)
def test_a_swallowed_ctrl_c_comes_again(watched, bar, done):
    with bar as show:
        show(*done)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            show(*done)


def test_what_is_ignored_stays_ignored(watched):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupt.watch()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_an_error_behind_a_ctrl_c_is_an_interruption(watched, monkeypatch, capsys):
    def app() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("no compiled object yet") from None

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_what_is_to_stop_at_once_is_forgotten_behind_its_command(watched):
    """A later Ctrl-C in the same process must not stop what is not under way any more."""
    stopped = []
    with interrupt.at_once(lambda: stopped.append("tools")), suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert stopped == ["tools"]
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert stopped == ["tools"]
