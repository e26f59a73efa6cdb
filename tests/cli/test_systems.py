"""On which systems it runs is said, in one line."""

from __future__ import annotations

import sys

import pytest

from sparsesim.cli import main


def test_windows_is_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "error: sparsesim runs on Linux and macOS; on Windows use WSL\n"
    )
