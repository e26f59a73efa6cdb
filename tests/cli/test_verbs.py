"""Every verb on the bundled model."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.spec.front import front_accelerator


@pytest.fixture
def result(run, lenet: Path, digits: Path) -> Path:
    """A result of two images, in the folder where commands run."""
    ran = run("estimate", lenet, "--inputs", digits, "--images", 2, "-o", "r.json")
    assert (ran.code, ran.err) == (
        0,
        "Wrote r.json; next: sparsesim report r.json --as html -o r.html\n",
    )
    assert "two_sided" in ran.out
    return Path("r.json")


def test_version_and_help(run):
    assert run("--version").out == f"sparsesim {ss.__version__}\n"
    verbs = ("show", "estimate", "report", "compare", "explain", "sparsify", "list")
    ran = run("--help")
    assert ran.code == 0 and all(f"\n  {verb} " in ran.out for verb in verbs)
    for verb in verbs:
        assert run(verb, "--help").code == 0


def test_estimate_gives_what_python_gives(run, result, lenet, digits):
    stored = ss.load_result(result)
    graph = ss.load(lenet)
    inputs = ss.open_inputs(digits, ss.input_specs(graph), None, None, 2)
    trace, taken = ss.execute(graph, inputs), front_accelerator("xczu9eg", {})
    assert ss.estimate(trace, taken, iso_resource=True) == stored.model_copy(
        update={"model": stored.model.model_copy(update={"source": str(lenet)})}
    )


def test_a_kept_trace_gives_the_same_result(run, result, lenet, digits):
    ran = run("estimate", lenet, "--inputs", digits, "--images", 2, "--save-trace", "t.trace")
    assert ran.code == 0
    assert ran.err == "Wrote t.trace; next: sparsesim estimate t.trace --set rows=48\n"
    assert run("estimate", "t.trace", "-o", "again.json").code == 0
    assert Path("again.json").read_bytes() == result.read_bytes()


def test_settings_reach_the_result(run, result, lenet, digits):
    words = ["estimate", lenet, "--inputs", digits, "--images", 1, "--device", "XC7Z020", "-o"]
    words += ["s.json", "--accelerator", "small-8x8", "--set", "cols=4", "--set", "array.lanes = 2"]
    assert run(*words, "--set", "activation_format=csr").code == 0
    stored = ss.load_result("s.json")
    assert (stored.accelerator.array.rows, stored.accelerator.array.cols) == (8, 4)
    assert (stored.accelerator.array.lanes, stored.accelerator.activation_format) == (2, "csr")
    assert stored.device["name"] == "xc7z020"
    ran = run("compare", "r.json", "s.json")
    assert ran.code == 0 and "conv2" in ran.out


@pytest.mark.parametrize("kind", ["csv", "markdown", "html"])
def test_reports_are_printed_or_written(run, result, kind):
    printed = run("report", result, "--as", kind)
    assert (printed.code, printed.err) == (0, "")
    written = run("report", result, "--as", kind, "-o", "out")
    assert (written.code, written.out, written.err) == (0, "", "Wrote out\n")
    assert Path("out").read_text(encoding="utf-8") == printed.out
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(printed.out)))
        assert [row["layer"] for row in rows] == ["conv1", "conv2", "fc3", "fc4"]


def test_text_report_is_what_estimate_prints(run, result, lenet, digits):
    first = run("estimate", lenet, "--inputs", digits, "--images", 2)
    assert run("report", result).out == first.out


def test_explain(run, result):
    ran = run("explain", result, "conv2")
    assert ran.code == 0 and ran.out.startswith("conv2")


def test_show(run, lenet):
    ran = run("show", lenet, "-o", "s.json")
    assert (ran.code, ran.err) == (0, "Wrote s.json\n")
    facts = json.loads(Path("s.json").read_text())
    assert [layer["name"] for layer in facts["layers"]] == ["conv1", "conv2", "fc3", "fc4"]
    assert all(layer["name"] in ran.out for layer in facts["layers"])
    # 28 x 28 x 1 to 24 x 24 x 20 by 5 x 5.
    assert facts["layers"][0]["macs"] == 24 * 24 * facts["layers"][0]["output_shape"][1] * 25


def test_sparsify_writes_a_model_that_estimates(run, root, lenet, digits):
    thresholds = root / "models_onnx" / "lenet_thresholds.toml"
    ran = run("sparsify", lenet, "--thresholds", thresholds, "-o", "sparse.onnx")
    assert ran.code == 0
    assert ran.err == "Wrote sparse.onnx; next: sparsesim estimate sparse.onnx --inputs …\n"
    words = ["--inputs", digits, "--images", 2, "-o"]
    assert run("estimate", "sparse.onnx", *words, "a.json").code == 0
    assert run("estimate", lenet, "--thresholds", thresholds, *words, "b.json").code == 0
    a, b = ss.load_result("a.json"), ss.load_result("b.json")
    assert a.totals == b.totals and a.speedup == b.speedup
    assert a.output_error is None and b.output_error is not None
    assert b.accuracy is not None and b.accuracy.images == 2


def test_random_inputs_are_named_and_said(run, lenet):
    ran = run("estimate", lenet, "--inputs", "random", "--seed", 3, "-o", "r.json")
    assert ran.code == 0 and "RANDOM" in ran.out
    stored = ss.load_result("r.json")
    assert stored.inputs.random and stored.provenance.seed == 3
    assert stored.inputs.source == "RANDOM uniform values, seed 3, not real data"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("accelerators", "default: 16x16 inner_join, 1 lane, window 16, queue depth 4, two_sided"),
        ("devices", "xc7z020: "),
        ("formats", "bitmask: "),
        ("machines", "inner_join: zeros of both operands, "),
        ("operators", "layers: Conv "),
        ("presets", "imagenet"),
        ("schemes", "inner_join: none activation weight two_sided"),
        ("sparsifiers", "top_k: "),
    ],
)
def test_lists(run, kind, line):
    ran = run("list", kind)
    assert (ran.code, ran.err) == (0, "")
    assert any(found.startswith(line) for found in ran.out.splitlines()), ran.out


def test_a_list_without_a_word_says_which_there_are(run):
    ran = run("list")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: list what? use one of accelerators, data, devices, ")


def test_an_earlier_word_for_a_list_names_the_present_one(run):
    ran = run("list", "datapaths")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: list 'datapaths' is now 'list machines'\n"


def test_existing_outputs_are_overwritten_only_when_forced(run, result, lenet, digits):
    before = result.read_bytes()
    words = ["estimate", lenet, "--inputs", digits, "--images", 1, "-o", result]
    refused = run(*words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "error: r.json: exists; use --force to overwrite it\n"
    assert result.read_bytes() == before
    assert run(*words, "--force").code == 0
    assert ss.load_result(result).inputs.runs == 1


def test_nothing_is_said_of_progress_where_stderr_is_no_terminal(run, monkeypatch, lenet, digits):
    from sparsesim.cli import progress

    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    ran = run("estimate", lenet, "--inputs", digits, "--images", 3)
    assert (ran.code, ran.err) == (0, "")


def test_arithmetic_that_an_estimate_leaves_out_is_said(run, lenet, digits, tmp_path):
    (tmp_path / "map.toml").write_text("[intrinsic]\n'*' = { acc_bits = 16 }\n")
    words = ("estimate", lenet, "--inputs", digits, "--images", 1)
    plain = run(*words)
    ran = run(*words, "--thresholds", "map.toml")
    assert (ran.code, ran.err) == (
        0,
        plain.err + "map.toml: its [intrinsic] is for 'emulate'; left out here\n",
    )
