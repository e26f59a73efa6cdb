"""`sparsesim sweep`, and `report` of its folder."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from sparsesim.spec import Accelerator
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import load_sweep_result


@pytest.fixture
def spec(lenet: Path, digits: Path, tmp_path: Path) -> Path:
    """A small sweep in the folder where commands run."""
    path = tmp_path / "small.toml"
    path.write_text(
        f"""
conditions = ["rows == cols"]

[[networks]]
model = "{lenet}"
inputs = "{digits}"

[space]
rows = [4, 8]
cols = {{ from = 4, to = 8, times = 2 }}
skipping = ["none", "two_sided"]
"""
    )
    return path


def test_a_sweep_and_its_reports(run, spec):
    ran = run("sweep", spec.name, "-o", "out", "--workers", 1)
    assert ran.code == 0
    assert ran.err == (
        "4 measured now, 0 kept\nWrote out; next: sparsesim report out --as html -o out.html\n"
    )
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    lines = ran.out.splitlines()
    assert lines[0] == "small: 4 points measured"
    assert "Best trade-offs of least ms and least lut:" in ran.out
    assert lines[-2:] == ["Left out of 8 combinations:", "          4  rows == cols"]
    again = run("sweep", spec.name, "-o", "out", "--workers", 1)
    assert again.err.startswith("0 measured now, 4 kept\n") and again.out == ran.out
    assert run("report", "out").out == ran.out
    table = list(csv.DictReader(io.StringIO(run("report", "out", "--as", "csv").out)))
    assert len(table) == 4 and {row["skipping"] for row in table} == {"none", "two_sided"}
    assert all(float(row["ms"]) > 0 and row["error"] == "" for row in table)
    written = run("report", "out", "--as", "csv", "-o", "points.csv")
    assert written.err == "Wrote points.csv\n" and Path("points.csv").read_text().count("\n") == 5


def test_a_dry_run_counts_and_writes_nothing(run, spec):
    ran = run("sweep", spec.name, "--dry-run")
    assert ran.code == 0 and ran.err == ""
    lines = ran.out.splitlines()
    assert lines[0] == "points    4"
    assert lines[1] == "traces    1: lenet 1 image"
    assert lines[2].startswith("time      about ") and lines[3].startswith("disk      about ")
    assert lines[-1].split() == ["4", "rows", "==", "cols"]
    assert sorted(path.name for path in Path().iterdir()) == ["small.toml"]


def test_failed_points_are_named_and_end_with_one(run, spec):
    spec.write_text(spec.read_text() + "output_buffer_kib = [0.001, 64]\n")
    ran = run("sweep", spec.name, "-o", "out", "--workers", 1)
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "small: 4 points measured, 4 failed"
    assert "failed: rows 4, cols 4, skipping none, " in ran.out


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "small.toml: key 'networks' is missing"),
        ("x = [", "small.toml: not valid TOML: Invalid value (at end of document)"),
        (
            "[[networks]]\nmodel = 'none.onnx'\ninputs = 'random'",
            "none.onnx: no such file",
        ),
        (
            "[[networks]]\nmodel = 'm.onnx'\ninputs = 'random'\n[space]\nrow = [1]",
            "small.toml: space: unknown parameter 'row'; did you mean 'rows'?",
        ),
    ],
)
def test_mistakes_in_the_file(run, spec, text, line):
    spec.write_text(text)
    ran = run("sweep", spec.name, "-o", "out")
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")


def test_mistakes_of_the_command(run, spec, tmp_path):
    def said(*words: object) -> str:
        ran = run("sweep", *words)
        assert (ran.code, ran.out) == (2, "")
        return ran.err

    assert said("none.toml", "-o", "out") == "error: none.toml: no such file\n"
    assert said(spec.name) == (
        "error: -o is missing; name a folder for the points, or give --dry-run\n"
    )
    assert said(spec.name, "-o", "out", "--workers", 0) == (
        "error: --workers 0 is out of range; use 1 and up\n"
    )
    assert said(spec.name, "-o", "out", "--workers", 2, "--scheduler", "tcp://x:1") == (
        "error: --workers and --scheduler: give one of them\n"
    )
    assert said(spec.name, "-o", "no/out") == "error: no/out: its folder does not exist\n"
    Path("file").touch()
    assert said(spec.name, "-o", "file") == "error: file: is a file; name a folder\n"
    huge = spec.read_text().replace("rows = [4, 8]", "rows = { from = 1, to = 1000 }")
    huge = huge.replace("to = 8, times = 2", "to = 1000")
    Path("huge.toml").write_text(huge)
    assert said("huge.toml", "-o", "out") == (
        "error: the grid has 1,994,000 combinations, over 1,000,000; give --yes, points = N, or "
        "engine = 'random'\n"
    )
    Path("empty").mkdir()
    ran = run("report", "empty")
    assert (ran.code, ran.err) == (
        2,
        "error: empty: holds no sweep; make one by 'sweep SPEC.toml -o empty'\n",
    )
    assert not Path("out").exists()


def test_points_as_parquet(run, spec):
    import polars

    run("sweep", spec.name, "-o", "out", "--workers", 1)
    ran = run("report", "out", "--as", "parquet", "-o", "points.parquet")
    assert (ran.code, ran.err) == (0, "Wrote points.parquet\n")
    table = polars.read_parquet("points.parquet")
    lines = csv.DictReader(io.StringIO(run("report", "out", "--as", "csv").out))
    assert table["cycles"].to_list() == [float(row["cycles"]) for row in lines]
    assert run("report", "out", "--as", "parquet").err == (
        "error: parquet is no text; name a file by -o\n"
    )


def test_a_sweep_without_answers_has_reports_but_no_charts(run, spec):
    spec.write_text(f"constraints = ['ms < 0']\n{spec.read_text()}")
    ran = run("sweep", spec.name, "-o", "out", "--workers", 1)
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "4 measured points break a constraint."
    for kind in ("html", "markdown", "csv"):
        assert run("report", "out", "--as", kind, "-o", f"out.{kind}").code == 0
    ran = run("report", "out", "--as", "png", "-o", "charts")
    assert (ran.code, ran.err) == (
        2,
        "error: out: no point was measured that keeps the constraints; none to draw\n",
    )
    assert not Path("charts").exists()


def test_a_point_and_the_charts_are_taken_out(run, spec):
    run("sweep", spec.name, "-o", "out", "--workers", 1)
    keys = [row.key for row in load_sweep_result("out").rows]
    ran = run("report", "out", "--as", "toml", "--point", keys[1][:12], "-o", "best.toml")
    assert (ran.code, ran.err) == (0, "Wrote best.toml\n")
    point = Point.of(load_sweep_result("out").rows[1].parameters)
    assert Accelerator.from_toml(Path("best.toml")).sha256() == point.accelerator.sha256()
    ran = run("report", "out", "--as", "svg", "-o", "charts")
    assert (ran.code, ran.err) == (0, "Wrote charts\n")
    assert {"front.svg", "layers.svg", "roofline.svg"} <= {f.name for f in Path("charts").iterdir()}
    assert run("report", "out", "--as", "markdown").out.startswith("# small\n")
    for words, said in (
        (
            ("--as", "pdf"),
            "--as pdf: no report of a sweep; use one of text, csv, parquet, markdown, html, png, "
            "svg, toml",
        ),
        (("--as", "png"), "png is no text; name a folder for the charts by -o"),
        (
            ("--as", "svg", "-o", "charts"),
            "charts: is not empty; use --force to write into it",
        ),
        (("--as", "toml"), "--as toml and --point KEY go together; give both or none"),
        (
            ("--as", "toml", "--point", "xyz"),
            f"point 'xyz': 0 of the sweep's {len(keys)} keys start so; reports name them",
        ),
    ):
        ran = run("report", "out", *words)
        assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")
