"""Every example in the documentation is run."""

from __future__ import annotations

import doctest
from pathlib import Path
from unittest.mock import patch

import pytest

from sparsesim import formats
from sparsesim.sparsity.quantisers import QUANTISERS
from sparsesim.sparsity.sparsifiers import SPARSIFIERS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/*.md")),
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/machines/*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_examples_hold(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # What a page registers goes with it.
    with (
        patch.dict(formats._registered),
        patch.dict(SPARSIFIERS._registered),
        patch.dict(QUANTISERS._registered),
    ):
        found = doctest.testfile(str(ROOT / page), module_relative=False)
    assert found.failed == 0


def test_the_readme_shows_what_the_command_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The block under "Ten seconds": its command is run, its lines are looked for."""
    from sparsesim.cli import app

    monkeypatch.chdir(ROOT)
    block = (ROOT / "README.md").read_text().split("## Ten seconds\n\n")[1].split("\n\nThe last")[0]
    command, _, shown = block.partition("\n\n")
    words = command.replace("\\\n", " ").replace("lenet.json", str(tmp_path / "lenet.json")).split()
    app(words[2:], standalone_mode=False)
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in shown.splitlines():
        assert line.strip() in printed


def test_the_readme_shows_what_choose_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sparsesim.cli import app

    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text().split("## Which one to build\n\n")[1]
    command, _, shown = text.split("\n\nThe best array")[0].partition("\n\n")
    app(command.replace("\\\n", " ").split()[2:], standalone_mode=False)
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in shown.splitlines():
        assert line.strip() in (*printed, "…")


def test_the_readmes_speeds_are_those_of_the_comparison() -> None:
    """Each row of the table on machines, in docs/results/machines.md."""
    text = (ROOT / "README.md").read_text().split("## Which one to build\n\n")[1]
    page = (ROOT / "docs/results/machines.md").read_text().split("## xc7z020")[1].split("\n## ")[0]
    best = {
        cells[1].strip(): {cells[at].strip().strip("*") for at in (2, 3, 7, 11, 12)}
        for cells in (line.split("|") for line in page.splitlines() if "| **" in line)
    }
    rows = [line.split("|") for line in text.split("\n## ")[0].splitlines() if line[:2] == "| "]
    assert len(rows) == 1 + len(best)
    for name, *cells in ([cell.strip() for cell in row[1:-1]] for row in rows[1:]):
        assert {*cells} == best[name]


def test_the_readme_shows_what_a_sweep_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from sparsesim.cli import app

    monkeypatch.chdir(ROOT)
    block = (
        (ROOT / "README.md").read_text().split("worth building\n\n")[1].split("\n\nEvery point")[0]
    )
    command, _, shown = block.partition("\n\n")
    words = command.split()[2:-1]
    app([*words, str(tmp_path / "lenet")], standalone_mode=False)
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in shown.splitlines():
        assert line.strip() in (*printed, "…")


def test_the_file_of_the_page_on_sweeps_is_taken(tmp_path: Path) -> None:
    from sparsesim.sweeps.space import Space
    from sparsesim.sweeps.spec import load_sweep

    text = (ROOT / "docs" / "sweep.md").read_text().split("```toml\n")[1].split("```")[0]
    path = tmp_path / "page.toml"
    path.write_text(text)
    spec = load_sweep(path)
    assert spec.networks[0].model == str(tmp_path / "lenet.onnx")
    assert Space(spec).size == 2 * (2 + 2) * 4 * 4 * 3 * 4 * 4
