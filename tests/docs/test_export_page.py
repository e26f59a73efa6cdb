"""The page on exports: its commands are run, and print what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")


def shown() -> list[tuple[str, list[str]]]:
    """Commands of the page, and the lines below each."""
    found = []
    for block in PAGE.split("\n    $ ")[1:]:
        lines = block.split("\n\n")[0].replace("\\\n", " ").splitlines()
        found.append((lines[0], [line.strip() for line in lines[1:]]))
    return found


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the models that commands name."""
    (tmp_path / "models_onnx").mkdir()
    for name in ("lenet.onnx", "lenet_thresholds.toml", "mnist_test_300.npz"):
        shutil.copy(ROOT / "models_onnx" / name, tmp_path / "models_onnx")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("command", "lines"), shown(), ids=lambda part: str(part)[:60])
def test_the_page_shows_what_commands_print(
    command: str, lines: list[str], models: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from sparsesim.cli import app

    app(command.split()[1:], standalone_mode=False)
    assert capsys.readouterr().err.splitlines() == lines
    if "--to timeloop" in command:
        densities = PAGE.split("```yaml\n")[1].split("```")[0]
        assert Path("problems/3-fc3.yaml").read_text().endswith(densities)


def test_every_kind_is_on_the_page():
    from sparsesim.exports import KINDS

    assert [kind for kind in KINDS if f"--to {kind} " not in PAGE] == []
    assert len(shown()) == len(KINDS)
