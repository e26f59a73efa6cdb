"""`sparsesim cosim`: its table, its exit codes, and what a disagreement leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from verilog_passes import broken_copy

SMALL = ["--set", "rows=4", "--set", "cols=4", "--set", "window=8", "--set", "queue_depth=2"]


@pytest.fixture
def fc4(lenet, digits):
    """The words that simulate LeNet's last layer on one digit, in this process."""
    return ["cosim", lenet, "--quantize", "--inputs", digits, "--layer", "fc4", *SMALL]


def test_agreement_is_a_table_and_code_0(run, fc4):
    ran = run(*fc4, "--workers", "1", "-o", "found.json")
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["Model", "and", "Verilog,", "4x4", "inner_join,", "two_sided"] in lines
    layer = next(line for line in lines if line[:1] == ["fc4"])
    assert layer[2] == layer[3] and layer[-1] == "yes"
    found = json.loads(Path("found.json").read_text())
    assert found[0]["agree"] is True
    assert found[0]["layers"][0]["cycles_model"] == found[0]["layers"][0]["cycles_verilog"]
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_disagreement_names_the_place_and_is_code_1(run, fc4, tmp_path):
    hdl = broken_copy(
        tmp_path / "hdl",
        {"common/sparsesim_drain.v": (".CYCLES(PE_LATENCY - 2)", ".CYCLES(PE_LATENCY - 1)")},
    )
    ran = run(*fc4, "--workers", "1", "--hdl", hdl, "--replay", "again")
    assert ran.code == 1
    assert "fc4, image 0, pass 0: cycles differ" in ran.err.replace("differs", "differ")
    kept = {path.name for path in Path("again").iterdir()}
    assert kept == {"replay.npz", "test_replay.py", "replay.vcd"}


def test_a_verilog_that_hangs_is_code_2(run, fc4, tmp_path):
    hdl = broken_copy(
        tmp_path / "hdl",
        {"common/sparsesim_drain.v": ("ready_i && waiting", "1'b0 && ready_i && waiting")},
    )
    ran = run(*fc4, "--workers", "1", "--hdl", hdl)
    assert ran.code == 2
    last = ran.err.splitlines()[-1]
    assert last.startswith("error: fc4, image 0, pass 0: the Verilog hangs: it is busy after ")


def test_a_verilog_that_does_not_build_is_code_2(run, fc4, tmp_path):
    hdl = broken_copy(tmp_path / "hdl", {"common/sparsesim_drain.v": ("endmodule", "")})
    ran = run(*fc4, "--hdl", hdl)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("error: inner_join_accelerator: Verilator: ")
    assert "the log is " in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--schemes", "two_side"], "scheme 'two_side' is unknown; did you mean 'two_sided'?"),
        (["--workers", "0"], "workers 0 is out of range; use 1 and up"),
        (["--passes", "0"], "most passes 0 is out of range; use 1 and up"),
        (["--set", "window=80"], "window 80 is out of range; use 1 to 64"),
        (["--cocotb", "--tile", "9,9"], "--tile 9,9: fc4 has 3 x 1 tiles; use 0,0 to 2,0"),
        (
            ["--cocotb", "--tile", "x"],
            "--tile x: is no tile; write filter tile, position tile, as 0,0",
        ),
    ],
)
def test_bad_options_are_one_line_and_code_2(run, fc4, words, message):
    ran = run(*fc4, *words)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == f"error: {message}"


@pytest.mark.parametrize("words", [[], ["--cocotb"]])
def test_a_machine_without_verilog_is_one_line_and_code_2(run, root, lenet, words):
    toy = f"{root}/tests/machines/toy.py:Toy"
    ran = run("cosim", lenet, "--set", f"machine={toy}", *words)
    assert ran.code == 2
    assert ran.err == f"error: machine '{toy}' has no Verilog\n"


def test_an_unknown_layer_is_named(run, lenet, digits):
    ran = run("cosim", lenet, "--quantize", "--inputs", digits, "--layer", "fc9", *SMALL)
    assert ran.code == 2
    assert "no layer 'fc9'" in ran.err


def test_floats_are_refused_with_what_helps(run, lenet, digits):
    ran = run("cosim", lenet, "--inputs", digits, *SMALL)
    assert ran.code == 2
    assert "quantise the model first (--quantize)" in ran.err
