"""The notebook runs from top to bottom, and says what it said when it was written.

    cd docs && jupyter execute --inplace story.ipynb

writes its outputs anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
ROOT = Path(__file__).resolve().parents[2]
STORY = ROOT / "docs" / "story.ipynb"


def said(notebook) -> list[list[str]]:
    """The numbers and words that each cell ends with; pictures and layouts of tables aside."""
    return [
        re.findall(r"[A-Za-z_]\w*|\d[\d.]*", output["data"]["text/plain"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "execute_result" and "image/png" not in output["data"]
    ]


def test_the_notebook_runs_and_says_the_same():
    written = nbformat.read(STORY, 4)
    ran = nbformat.read(STORY, 4)
    client = nbclient.NotebookClient(
        ran, timeout=600, resources={"metadata": {"path": str(STORY.parent)}}
    )
    client.execute()
    assert said(ran) == said(written) != []
    drawn = [output for cell in ran.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in drawn)


def test_nothing_in_it_is_loaded_from_elsewhere():
    text = STORY.read_text(encoding="utf-8")
    assert "http" not in text
    assert re.findall(r"(?<![\w/.+=<])/(?:[\w.-]+/)+", text) == []  # nor any absolute path
