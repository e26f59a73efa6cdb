"""The pages of docs/paper are what `python -m paper` writes from what was measured."""

from __future__ import annotations

import sys

import pytest

PAGES = [
    "table1", "table2", "table3", "table3-cifar10", "table4", "table5", "table6",
    "activations", "joint", "cuts", "figure2", "figure3", "figure4", "figure5", "figure6",
    "figure7", "traffic",
]  # fmt: skip


@pytest.fixture
def paper(root, monkeypatch, tmp_path):
    """The package beside sparsesim, writing its pages into an empty folder."""
    monkeypatch.syspath_prepend(str(root))
    import paper.__main__ as command
    from paper import gradients, page

    folder = tmp_path / "docs" / "paper"
    monkeypatch.setattr(page, "PAGES", folder)
    monkeypatch.setattr(gradients, "PAGES", folder)
    return command, folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_written_from_its_measurements(paper, root, monkeypatch, name):
    command, folder = paper
    monkeypatch.setattr(sys, "argv", ["paper", name])
    command.main()
    written = (folder / f"{name}.md").read_text(encoding="utf-8")
    assert written == (root / "docs" / "paper" / f"{name}.md").read_text(encoding="utf-8")


def test_every_page_is_there(paper):
    command, _ = paper
    assert sorted(command._pages()) == sorted([*PAGES, "models"])


def test_published_numbers_are_shares(paper):
    from paper.published import published

    for number in range(1, 6):
        table = published(f"table{number}")
        for penalties in (table["weights"], table["activations"]):
            for layers in penalties.values():
                assert all(0 <= value < 1 for value in layers.values())


def test_an_unknown_page_is_refused(paper, monkeypatch, capsys):
    command, _ = paper
    monkeypatch.setattr(sys, "argv", ["paper", "table9"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "no table or figure 'table9'; use models, table1, table2" in capsys.readouterr().err
