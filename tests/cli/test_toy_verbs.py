"""A machine that lies in a user's file goes through every verb of the command line."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.machines.found import BUILT_IN

MACHINES = Path(__file__).resolve().parent.parent / "machines"
EVERY, SKIPPING = "every_pair", "nonzero_weights"

OWN = """
machine = "toy.py:Toy"

[array]
multipliers = 16
width = 9
setup_cycles = 1
"""

SWEEP = """
objectives = ["cycles", "lut"]

[[networks]]
model = "small.onnx"
inputs = "small.npz"
images = 2

[accelerator]
machine = "toy.py:Toy"

[space]
multipliers = [8, 16]
skipping = ["every_pair", "nonzero_weights"]
"""


@pytest.fixture
def folder(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a user has: the machine, the model, its images, an accelerator, a sweep."""
    monkeypatch.syspath_prepend(str(MACHINES))
    import toy_samples

    shutil.copy(MACHINES / "toy.py", tmp_path / "toy.py")
    toy_samples.files(tmp_path)
    (tmp_path / "own.toml").write_text(OWN)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    return tmp_path


@pytest.fixture
def result(run, folder: Path) -> str:
    """A stored result of the default toy."""
    ran = run("estimate", "small.onnx", *FED, "--set", "machine=toy.py:Toy", "-o", "r.json")
    assert (ran.code, ran.err) == (
        0,
        "Wrote r.json; next: sparsesim report r.json --as html -o r.html\n",
    )
    assert "8 multipliers, strips of 4" in ran.out
    return "r.json"


FED = ("--inputs", "small.npz")


def cycles(path: str, scheme: str) -> list[int]:
    return [layer.cycles[scheme].compute for layer in ss.load_result(path).layers]


def test_estimate(run, result):
    # The sums of tests/machines/toy_samples.py, of two images.
    assert cycles(result, EVERY) == [2 * 45, 2 * 11]
    assert cycles(result, SKIPPING) == [2 * 32, 2 * 7]
    words = ["estimate", "small.onnx", *FED, "--accelerator", "own.toml", "-o"]
    assert run(*words, "s.json").code == 0
    # 16 multipliers, strips of 9: 108 pairs in 7 and 22 in 2 cycles, 3 and 2 strips.
    assert cycles("s.json", SKIPPING) == [2 * 10, 2 * 4]
    assert run(*words, "t.json", "--set", "setup_cycles=3").code == 0
    assert cycles("t.json", SKIPPING) == [2 * (7 + 9), 2 * (2 + 6)]
    ran = run(*words, "u.json", "--set", "rows=4")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "error: unknown key 'rows': inner_join, systolic and stream have it; use one of "
        "name, machine, multipliers, "
    )


@pytest.mark.parametrize("kind", ["text", "csv", "markdown", "html"])
def test_report(run, result, kind):
    ran = run("report", result, "--as", kind)
    assert (ran.code, ran.err) == (0, "")
    assert SKIPPING in ran.out and "two_sided" not in ran.out
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(ran.out)))
        assert [row[f"{SKIPPING}_compute_cycles"] for row in rows] == ["64", "14"]


def test_explain_and_compare(run, result):
    ran = run("explain", result, "conv")
    assert ran.code == 0 and "each strip of 4 positions starts up for 2 cycles" in ran.out
    words = ["estimate", "small.onnx", *FED, "--set", "machine=toy.py:Sparse", "-o", "s.json"]
    assert run(*words).code == 0
    for pair in ((result, "s.json"), ("s.json", result)):
        ran = run("compare", *pair)
        assert ran.code == 0 and "nonzero_pairs" in ran.out and SKIPPING in ran.out


def test_breakeven(run, folder):
    words = ["breakeven", "small.onnx", *FED, "--images", 1, "--set"]
    ran = run(*words, f"machine={MACHINES / 'toy_rival.py'}:Rival", "-o", "b.json")
    assert (ran.code, ran.err) == (0, "Wrote b.json\n")
    found = json.loads(Path("b.json").read_text())
    schemes = [layer["schemes"][SKIPPING] for layer in found["layers"]]
    assert [scheme["cycles"] for scheme in schemes] == [34, 9]
    assert [scheme["dense_cycles"] for scheme in schemes] == [35, 13]
    refused = run(*words, "machine=toy.py:Toy")
    assert (refused.code, refused.err) == (
        2,
        "error: small.onnx: no work to compare, or no dense array fits\n",
    )


def test_sweep(run, folder):
    ran = run("sweep", "sweep.toml", "-o", "swept", "--workers", 1)
    assert ran.code == 0, ran.err
    from sparsesim.sweeps.result import load_sweep_result

    found = {
        (row.parameters["multipliers"], row.parameters["skipping"]): row.metrics["cycles"]
        for row in load_sweep_result("swept").rows
    }
    assert found == {
        (8, EVERY): 60,
        (8, SKIPPING): 43,
        (16, EVERY): 14 + 4 + 22 + 4,
        (16, SKIPPING): 7 + 2 + 22 + 4,
    }
    for kind in ("text", "csv", "markdown", "html"):
        ran = run("report", "swept", "--as", kind)
        assert ran.code == 0 and "multipliers" in ran.out, ran.err


def test_a_sweep_on_two_processes_is_that_of_one(run, folder):
    found = []
    for workers in (1, 2):
        folder = f"of{workers}"
        assert run("sweep", "sweep.toml", "-o", folder, "--workers", workers).code == 0
        rows = csv.DictReader(io.StringIO(run("report", folder, "--as", "csv").out))
        found.append([{k: v for k, v in row.items() if k != "seconds"} for row in rows])
    assert found[0] == found[1] and len(found[0]) == 4


def test_a_sweep_measures_an_edited_machine_again(run, folder):
    words = ("sweep", "sweep.toml", "-o", "swept", "--workers", 1)
    assert run(*words).err.startswith("4 measured now, 0 kept")
    assert run(*words).err.startswith("0 measured now, 4 kept")
    file = folder / "toy.py"
    file.write_text(file.read_text().replace("default=2, ge=1", "default=3, ge=1"))
    assert run(*words).err.startswith("4 measured now, 0 kept")


@pytest.mark.parametrize("kind", ["timeloop", "scalesim", "zigzag", "timeline", "onnx"])
def test_export(run, folder, kind):
    takes = kind in ("zigzag", "timeline", "onnx")
    machine = ["--set", "machine=toy.py:Toy"] if takes else []
    ran = run("export", "small.onnx", *FED, "--to", kind, *machine, "-o", f"{kind}.yaml")
    assert ran.code == 0, ran.err
    assert Path(f"{kind}.yaml").exists()


def test_search(run, folder):
    import numpy as np
    import toy_samples

    images = toy_samples.images(40)
    outputs = ss.execute(ss.load(toy_samples.model()), {"x": images}).images
    labels = [int(image.outputs[0].argmax()) for image in outputs]
    np.savez("labelled.npz", x=images)
    np.save("labels.npy", np.array(labels))
    ran = run(
        *("search", "small.onnx", "--inputs", "labelled.npz", "--labels", "labels.npy"),
        *("--objective", "cycles", "--keep", 0.9, "--set", "machine=toy.py:Toy", "-o", "found"),
    )
    assert ran.code == 0, ran.err
    assert SKIPPING in ran.out
    refused = run(
        *("search", "small.onnx", "--inputs", "labelled.npz", "--labels", "labels.npy"),
        *("--scheme", "two_sided", "--set", "machine=toy.py:Toy"),
    )
    assert (refused.code, refused.err) == (
        2,
        "error: scheme 'two_sided' is unknown; use one of every_pair, nonzero_weights\n",
    )


def test_what_needs_its_verilog_is_refused(run, folder):
    for words, says in (
        (("cosim", "small.onnx", *FED, "--quantize"), "has no Verilog"),
        (("synth",), "has no parts that can be synthesised"),
    ):
        ran = run(*words, "--set", "machine=toy.py:Toy")
        assert (ran.code, ran.out, ran.err) == (2, "", f"error: machine 'toy.py:Toy' {says}\n")


def test_a_study_of_another_machine_is_refused(run, folder):
    ran = run("queues", "small.onnx", *FED, "--set", "machine=toy.py:Toy")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ") and ran.err.count("\n") == 1
    assert "toy.py:Toy" in ran.err


def test_a_file_that_is_no_machine(run, folder):
    (folder / "wrong.py").write_text("class Wrong: ...\n")
    for name, says in (
        ("toy.py:Tyo", "toy.py: has no class 'Tyo'; did you mean 'Toy'?"),
        (
            "wrong.py:Wrong",
            "machine 'wrong.py:Wrong': gives Wrong; give a class derived from "
            "sparsesim.machines.Machine",
        ),
        ("none.py:Toy", "none.py: no such file; give the file that defines 'Toy'"),
        ("toy", f"machine 'toy' is unknown; use one of {', '.join(BUILT_IN)}"),
    ):
        ran = run("estimate", "small.onnx", *FED, "--set", f"machine={name}")
        assert (ran.code, ran.out, ran.err) == (2, "", f"error: {says}\n")


def test_a_file_that_fails_where_it_is_asked(run, folder):
    text = (folder / "toy.py").read_text()
    line = "        working = -(-multiplied // array.multipliers)\n"
    assert text.count(line) == 1
    (folder / "own.py").write_text(text.replace(line, "        working = passes.nothing\n"))
    at = text[: text.index(line)].count("\n") + 1
    ran = run("estimate", "small.onnx", *FED, "--set", "machine=own.py:Toy")
    assert (ran.code, ran.out) == (2, "")
    said = f"fails: AttributeError: 'Passes' object has no attribute 'nothing' (line {at})"
    assert ran.err == f"error: {folder / 'own.py'}: {said}\n"
