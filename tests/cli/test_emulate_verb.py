"""`sparsesim emulate`: what it prints and writes, and its bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MAP = """
[weights]
"fc*" = 0.01
[intrinsic]
"conv*" = { acc_bits = 16, acc_fraction = 10, product_bits = 12, overflow = "saturate", lanes = 4 }
fc3 = { acc_bits = 14, act_bits = 6, weight_bits = 6, bias = "before" }
"""


def test_a_map_file(run, lenet, digits):
    Path("m.toml").write_text(MAP)
    words = ["--inputs", digits, "--images", 3, "-o", "e.json"]
    ran = run("emulate", lenet, "--map", "m.toml", *words)
    assert (ran.code, ran.err) == (0, "Wrote e.json\n")
    lines = [line.rstrip() for line in ran.out.splitlines()]
    assert all(len(line) <= 80 for line in lines)
    assert "weights of 2 layers by magnitude 0.01" in " ".join(lines[:2])
    rows = {line.split()[0]: line.split() for line in lines if line.split()}
    assert "conv1       8/6*    8/7*   12/10*   16/10     0         0         0" in lines
    assert rows["intrinsic.fc3"][1:5] == ["products", "nearest_even,", "sums", "wrap,"]
    assert "top-1            100.0 % before, 100.0 % after, of 3 labelled images" in lines
    found = json.loads(Path("e.json").read_text())
    conv1, _, _, fc4 = found["layers"]
    assert conv1["formats"]["acc"] == {"bits": 16, "fraction": 10}
    assert conv1["arithmetic"]["lanes"] == 4 and conv1["where"] == "intrinsic.conv*"
    assert conv1["counts"]["sums"] == 3 * 24 * 24 * 20 == conv1["outputs"]
    assert fc4["formats"] is None and fc4["mean_error"] > 0
    assert found["images"] == 3 and found["accuracy"]["top1_after"] == 1.0
    assert found["outputs"]["top1_agreement"] == 1.0 and len(found["inputs_sha256"]) == 64


def test_settings_alone_stand_for_every_layer(run, lenet, digits):
    words = ["--inputs", digits, "--images", 2, "--set", "acc_bits=12", "--set", "acc_fraction=8"]
    ran = run("emulate", lenet, *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("12/8") == 4 and "intrinsic.*" in ran.out


def test_settings_change_every_line_of_a_map_file(run, lenet, digits):
    Path("m.toml").write_text(MAP)
    words = ["--inputs", digits, "--images", 1, "--set", "acc_bits=20", "-o", "e.json"]
    assert run("emulate", lenet, "--map", "m.toml", *words).code == 0
    layers = json.loads(Path("e.json").read_text())["layers"]
    assert [layer["arithmetic"] and layer["arithmetic"]["acc_bits"] for layer in layers] == [
        20,
        20,
        20,
        None,
    ]


def test_random_inputs_are_said(run, lenet):
    ran = run("emulate", lenet, "--set", "acc_bits=24", "--inputs", "random")
    assert ran.code == 0 and "inputs are random: errors say little" in ran.out
    assert "no labels given" in ran.out


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (None, [], "--map is missing; give a file with a table [intrinsic], or --set"),
        (None, ["--set", "acc_bits"], "--set acc_bits: has no '='; write key=value, as rows=8"),
        (None, ["--set", "acc_bits=1"], "acc_bits 1 is out of range; use 2 to 62"),
        (None, ["--map", "no.toml"], "no.toml: no such file"),
        (
            "[weights]\n'*' = 0.1\n",
            [],
            "m.toml: has no table [intrinsic]; give a pattern and its arithmetic",
        ),
        (
            "[intrinsic]\n'*' = { acc = 8 }\n",
            [],
            "m.toml: unknown key 'intrinsic.*.acc'; did you mean 'intrinsic.*.acc_bits'?",
        ),
        (
            "[intrinsic]\nconv9 = { acc_bits = 8 }\n",
            [],
            "intrinsic: 'conv9' matches no layer and no block; near misses: conv2, conv1",
        ),
    ],
)
def test_bad_input(run, lenet, digits, text, words, line):
    if text is not None:
        Path("m.toml").write_text(text)
        words = ["--map", "m.toml", *words]
    ran = run("emulate", lenet, "--inputs", digits, "--images", 1, "-o", "new.json", *words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")
    assert not Path("new.json").exists()


def test_an_existing_output_stays(run, lenet, digits):
    Path("e.json").write_text("mine")
    ran = run("emulate", lenet, "--inputs", digits, "--set", "acc_bits=20", "-o", "e.json")
    assert (ran.code, ran.err) == (2, "error: e.json: exists; use --force to overwrite it\n")
