"""The command line, in this process: quick, and without a shell's quoting."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Run:
    """Runs `sparsesim ...` in an empty folder."""
    from sparsesim.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sparsesim", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def lenet(root: Path) -> Path:
    """The bundled model."""
    return root / "models_onnx" / "lenet.onnx"


@pytest.fixture(scope="session")
def digits(root: Path) -> Path:
    """Its images."""
    return root / "models_onnx" / "mnist_test_300.npz"
