"""`sparsesim choose`, and `report` of what it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparsesim.choice.file import load_choice
from sparsesim.spec import Accelerator
from sparsesim.sweeps.spec import load_sweep

TOY = f"{Path(__file__).resolve().parent.parent / 'machines' / 'toy.py'}:Toy"


@pytest.fixture
def few(monkeypatch, tmp_path, lenet, digits):
    """The words of a choice that takes seconds; what it keeps lies beside it."""
    from sparsesim.choice import kept

    monkeypatch.setattr(kept, "cache_root", lambda: tmp_path / "cache")
    fed = [lenet, "--inputs", digits, "--images", 1, "--device", "xc7z020"]
    return ["choose", *fed, "--within", "10%", "--machine", TOY]


def test_a_choice_and_its_reports(run, few, lenet, digits):
    ran = run(*few, "-o", "out.json", "--save", "best.toml")
    assert ran.code == 0
    assert ran.out.startswith("lenet.onnx on xc7z020: toy, nonzero_weights, 1 image\n")
    fed = f"{lenet} --inputs {digits} --images 1"
    assert ran.err == (
        "Wrote out.json; next: sparsesim report out.json --as html -o out.html\n"
        "Wrote best.toml; next:\n"
        f"  sparsesim estimate {fed} --accelerator best.toml --device xc7z020\n"
    )
    found = load_choice("out.json")
    assert Accelerator.from_toml("best.toml").array == found.best.accelerator.array
    again = run("report", "out.json")
    assert (again.code, again.out) == (0, ran.out)
    assert run("report", "out.json", "--as", "html", "-o", "out.html").code == 0
    assert run("report", "out.json", "--as", "toml").out == Path("best.toml").read_text()
    refused = run("report", "out.json", "--as", "csv")
    assert refused.err == ("error: --as csv: no report of a choice; use one of text, html, toml\n")
    used = run("estimate", *few[1:6], "--accelerator", "best.toml", "--device", "xc7z020")
    assert used.code == 0
    ms = f"{found.best.ms:.3f} ms"
    assert ms in used.out


def test_the_next_commands_before_anything_is_saved(run, few, lenet, digits):
    few[few.index(TOY)] = "inner_join"
    ran = run(*few)
    fed = f"{lenet} --inputs {digits} --images 1"
    assert ran.err == (
        "next: the same with --save best.toml writes the accelerator; then\n"
        f"  sparsesim estimate {fed} --accelerator best.toml --device xc7z020\n"
        f"  sparsesim cosim {fed} --quantize --accelerator best.toml\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--within", "much"], "--within much: is no share; write 75% or 0.75"),
        (["--within", "120%"], "--within 120% is out of range; use above 0%, up to 100%"),
        (["--within", "75"], "--within 75 is out of range; use above 0%, up to 100%"),
        (["--goal", "speed"], "goal 'speed' is unknown; use one of latency, throughput, energy"),
        (["--workers", "0"], "--workers 0 is out of range; use 1 and up"),
        (
            ["-o", "x.json", "--save", "x.json"],
            "x.json: is to hold both the choice and the accelerator; name two files",
        ),
    ],
)
def test_what_is_wrong_is_a_line(run, few, words, message):
    ran = run(*few, *words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {message}\n")


def test_a_file_that_exists_is_kept(run, few):
    Path("out.json").write_text("mine")
    ran = run(*few, "-o", "out.json")
    assert (ran.code, Path("out.json").read_text()) == (2, "mine")


def test_a_stop_is_said_to_be_none_for_ever(run, few, monkeypatch):
    from sparsesim.choice import choosing

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(choosing, "sweep_into", stopped)
    ran = run(*few)
    assert (ran.code, ran.err) == (130, "interrupted; the same command goes on\n")


def test_the_long_form_is_a_sweep(run, few, digits):
    ran = run(*few, "--save-sweep", "long.toml", "--save", "best.toml")
    assert ran.code == 0
    said = "Wrote long.toml; next: sparsesim sweep long.toml -o lenet-toy\n"
    assert said in ran.err
    spec = load_sweep("long.toml")
    assert spec.start().machine == TOY
    assert spec.start().array == Accelerator.from_toml("best.toml").array
    assert Path(spec.networks[0].inputs).resolve() == Path(digits).resolve()
    dry = run("sweep", "long.toml", "--dry-run")
    assert dry.code == 0 and dry.out.startswith("points")


def test_a_trace_has_no_long_form(run, few, lenet, digits):
    assert run("estimate", lenet, "--inputs", digits, "--images", 1, "--save-trace", "t").code == 0
    rest = few[few.index("--device") :]
    ran = run("choose", "t", *rest, "--save-sweep", "long.toml")
    assert (ran.code, ran.err.splitlines()[-1]) == (
        2,
        "error: --save-sweep: a sweep runs a model; t is a trace",
    )
    assert run("choose", "t", *rest).code == 0
