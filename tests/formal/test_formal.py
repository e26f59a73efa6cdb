"""The proofs of formal/: the fastest of them, and a bug that one finds. `make formal` runs all."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

FORMAL = Path(__file__).resolve().parents[2] / "formal"
sys.path.insert(0, str(FORMAL))
run = importlib.import_module("run")

needs_tools = pytest.mark.skipif(
    not run.has_tools(), reason="pip install 'sparsesim[formal,synth]'"
)
PROOFS = {(proof.path.stem, proof.task): proof for proof in run.proofs()}
BUGS = {(bug.proof, bug.task): bug for bug in run.BUGS}


@pytest.mark.parametrize("path", sorted(FORMAL.rglob("*.sby")), ids=lambda path: path.stem)
def test_files_named_are_there_and_read(path):
    text = path.read_text()
    named = text.partition("[files]")[2].split()
    assert [name for name in named if not (path.parent / name).is_file()] == []
    read = re.findall(r"(\w+\.v)\b", text.partition("[script]")[2].partition("[files]")[0])
    assert sorted({Path(name).name for name in named}) == sorted(set(read))


def test_every_file_is_part_of_a_proof():
    named = " ".join(path.read_text() for path in FORMAL.rglob("*.sby")).split()
    assert [path.name for path in FORMAL.rglob("*.v") if path.name not in named] == []


def test_every_file_of_proofs_has_a_planted_bug():
    assert {bug.proof for bug in run.BUGS} == {proof.path.stem for proof in PROOFS.values()}


@pytest.mark.parametrize("bug", run.BUGS, ids=lambda bug: f"{bug.proof}-{bug.task}")
def test_the_line_of_a_planted_bug_is_still_there(bug):
    assert (bug.proof, bug.task) in PROOFS
    assert (run.HDL / bug.file).read_text().count(bug.right) == 1


@needs_tools
@pytest.mark.parametrize(
    ("name", "task"),
    [("choose", "window5"), ("credit_fifo", "reached"), ("pe_control", "w5l2")],
)
def test_a_proof_holds(name, task):
    result = run.prove(PROOFS[name, task])
    assert result.status == "PASS", result.why


@needs_tools
def test_a_planted_bug_is_found():
    result = run.prove_with(BUGS["pe_control", "w5l2"])
    assert result.status == "FAIL", result.why


@needs_tools
def test_a_proof_that_takes_too_long_ends(monkeypatch):
    monkeypatch.setattr(run, "LIMIT_SECONDS", 0.1)
    assert run.prove(PROOFS["choose", "window5"]).status == "TIMEOUT"
