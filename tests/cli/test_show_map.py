"""`sparsesim show --map`: what each layer gets, and by which line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MAP = """
[weights]
"*" = 0.01
conv2 = { sparsifier = "top_k", keep = 0.3 }
[activations]
"conv*" = { sparsifier = "relative", fraction = 0.1 }
[gradients]
fc4 = { sparsifier = "own.py:halves" }
"""
INTRINSIC = """
[intrinsic]
fc3 = { overflow = "saturate", acc_bits = 24 }
fc4 = {}
"""


@pytest.fixture
def map_file(run) -> Path:
    """In the folder where commands run, `run` being asked for first."""
    Path("maps").mkdir()
    Path("maps/own.py").write_text("def halves(values):\n    return values\n")
    path = Path("maps/map.toml")
    path.write_text(MAP)
    return path


def test_each_layer_says_what_it_gets(run, lenet, map_file, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = run("show", lenet, "--map", map_file, "-o", "s.json")
    assert (ran.code, ran.err) == (0, "Wrote s.json\n")
    shown = ran.out.split("by maps/map.toml:")[1].splitlines()
    assert max(map(len, shown)) <= 80
    cells = {words[0]: words[1:] for line in shown if (words := line.split())}
    assert cells["layer"][:3] == ["weights", "activations", "gradients"]
    assert cells["conv2"][:6] == ["top_k", "keep", "0.3", "relative", "fraction", "0.1"]
    assert cells["conv2"][6:7] == ["-"]
    assert cells["fc3"][:4] == ["magnitude", "0.01", "-", "-"]
    assert 'by "conv2"' in ran.out and 'by "conv*"' in ran.out and 'by "*"' in ran.out
    found = json.loads(Path("s.json").read_text())["map"]
    assert found["file"] == "maps/map.toml" and len(found["sha256"]) == 64
    layers = found["layers"]
    assert list(layers) == ["conv1", "conv2", "fc3", "fc4"]
    assert layers["conv2"]["weights"] == {"rule": "top_k keep 0.3", "pattern": "conv2"}
    assert layers["conv1"]["weights"] == {"rule": "magnitude 0.01", "pattern": "*"}
    assert layers["fc3"]["activations"] is None and layers["fc3"]["gradients"] is None
    own = {"rule": "maps/own.py:halves", "pattern": "fc4"}
    assert layers["fc4"]["gradients"] == own


def test_every_table_of_rules_is_shown(run, lenet) -> None:
    Path("m.toml").write_text(INTRINSIC)
    ran = run("show", lenet, "--map", "m.toml", "-o", "s.json")
    titles = ran.out.split("by m.toml:")[1].split()[:2]
    assert titles == ["layer", "intrinsic"]  # a table without rules takes no room
    layers = json.loads(Path("s.json").read_text())["map"]["layers"]
    gets = {name: layer["intrinsic"] for name, layer in layers.items()}
    words = {"rule": "acc_bits 24 overflow saturate", "pattern": "fc3"}
    assert gets == {
        "conv1": None,
        "conv2": None,
        "fc3": words,
        "fc4": {"rule": "defaults", "pattern": "fc4"},
    }
    Path("m.toml").write_text("")
    assert run("show", lenet, "--map", "m.toml").code == 0


def test_without_a_map_nothing_is_said_of_one(run, lenet) -> None:
    assert "map" not in run("show", lenet).out
    run("show", lenet, "-o", "s.json")
    assert "map" not in json.loads(Path("s.json").read_text())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[gradients]\nconv9 = 1\n",
            "gradients: 'conv9' matches no layer and no block; near misses: conv2, conv1",
        ),
        ('[weights]\n"*" = -1\n', "m.toml: weights.* -1 is out of range; use 0 to 3.4e+38"),
        (
            '[weights]\n"*" = { quantiser = "own.py:f" }\n',
            "weights.*: own.py: no such file; give the file that defines 'f'",
        ),
        (
            '[weights]\n"*" = { sparsifier = "n_m", n = 4, m = 2 }\n',
            "weights.*: n 4 is out of range; use 1 to m, which is 2",
        ),
        (
            '[gradients]\n"*" = { sparsifier = "top_k" }\n',
            "gradients.*: top_k takes either keep or count; give one of the two",
        ),
        (
            '[activations]\n"*" = { sparsifier = "n_m", n = 1, m = 2 }\n',
            "activations.*: sparsifier 'n_m' selects by rank, so it cannot stand behind a layer as "
            "plain ONNX; sparsifiers that can: magnitude, relative",
        ),
    ],
)
def test_a_wrong_map_is_one_line(run, lenet, text: str, line: str) -> None:
    Path("m.toml").write_text(text)
    ran = run("show", lenet, "--map", "m.toml")
    assert (ran.code, ran.err) == (2, f"error: {line}\n")


def test_lists_of_functions(run) -> None:
    listed = run("list", "quantisers").out.splitlines()
    assert [line.split(":")[0] for line in listed] == [
        "binary",
        "fixed_point",
        "float16",
        "logarithmic",
        "ternary",
    ]
    listed = run("list", "sparsifiers").out
    assert "relative: |x| <= fraction of the largest magnitude becomes 0" in listed
    assert "top_k: " in listed and "; not behind layers)" in listed
