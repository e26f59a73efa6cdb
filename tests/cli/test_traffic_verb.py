"""`sparsesim traffic` on a history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from sparsesim.train.history import History, save_history


def stored(folder: Path) -> Path:
    """A training's folder: three steps of the bundled LeNet's layers."""
    folder.mkdir()
    elements = np.array([500, 25_000, 400_000, 5_000])
    nonzero = np.array([[0.9], [0.5], [0.1]]) * elements
    none = np.array([])
    names = ("conv1", "conv2", "fc3", "fc4")
    made = History(names, elements, np.zeros(3), nonzero.astype(np.int64), none, none)
    save_history(made, folder / "history.npz")
    return folder


def test_a_folder_and_its_history(run, tmp_path: Path, lenet: Path):
    folder = stored(tmp_path / "training")
    shutil.copy(lenet, folder / "model.onnx")
    ran = run("traffic", "training", "-o", "t.json")
    assert (ran.code, ran.err) == (0, "Wrote t.json\n")
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "3 steps, 4 workers, 32 bits a value" in ran.out
    found = json.loads(Path("t.json").read_text())
    assert found["total"]["dense_bytes"] == 430_500 * 4
    assert [layer["rows"] for layer in found["layers"]] == [20, 50, 500, 10]
    assert "shape is unknown" not in ran.out
    alone = run("traffic", folder / "history.npz", "--workers", 8, "--value-bits", 16)
    assert alone.code == 0
    assert "3 steps, 8 workers, 16 bits a value" in " ".join(alone.out.split())
    assert "csr: a layer whose shape is unknown is one row." in alone.out


def test_mistakes(run, tmp_path: Path):
    folder = stored(tmp_path / "training")
    empty = tmp_path / "empty"
    empty.mkdir()

    def said(*words: object) -> str:
        ran = run("traffic", *words)
        assert ran.code == 2 and ran.out == ""
        return ran.err

    assert said(folder, "--workers", 1) == "error: workers 1 is out of range; use 2 and up\n"
    assert said(empty) == f"error: {empty}/history.npz: no such file\n"
    cut = tmp_path / "cut.npz"
    cut.write_bytes((folder / "history.npz").read_bytes()[:300])
    assert said(cut) == f"error: {cut}: is no history of a training, or a damaged one\n"
    Path("t.json").touch()
    assert said(folder, "-o", "t.json") == ("error: t.json: exists; use --force to overwrite it\n")
