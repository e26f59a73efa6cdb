"""Thresholds from TOML and from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsesim.errors import SpecError
from sparsesim.spec.thresholds import Rule, Thresholds

TOML = """
[blocks]
unit1 = ["layer1.0.*", "stem"]
[weights]
"*" = 0.01
"conv2" = { sparsifier = "top_k", keep = 0.3 }
[activations]
"layer1.*" = 1
[gradients]
"fc" = { quantiser = "fixed_point", width = 8, fraction = 9 }
"""
FROM_PYTHON = Thresholds(
    blocks={"unit1": ["layer1.0.*", "stem"]},
    weights={"*": 0.01, "conv2": {"sparsifier": "top_k", "keep": 0.3}},
    activations={"layer1.*": 1},
    gradients={"fc": {"quantiser": "fixed_point", "width": 8, "fraction": 9}},
)


def test_toml_and_python_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    read = Thresholds.from_toml(path)
    assert read == FROM_PYTHON.with_(name="mine")
    assert read.sha256() == FROM_PYTHON.sha256()
    assert read.blocks == {"unit1": ("layer1.0.*", "stem")}
    assert read.weights["*"] == Rule("magnitude", (("threshold", 0.01),))
    assert read.weights["conv2"] == Rule("top_k", (("keep", 0.3),), "sparsifier")
    fixed = Rule("fixed_point", (("width", 8), ("fraction", 9)), "quantiser")
    assert read.gradients == {"fc": fixed}


def test_rules_in_words() -> None:
    assert str(Rule("magnitude", (("threshold", 0.010),))) == "magnitude 0.01"
    assert str(Rule("n_m", (("n", 2), ("m", 4)))) == "n_m n 2 m 4"
    assert str(Rule("binary", (), "quantiser")) == "binary"
    assert str(Rule("magnitude", (("threshold", "x"),))) == "magnitude threshold x"


def test_numbers_of_numpy_are_numbers() -> None:
    assert Thresholds(weights={"*": np.float32(0.5)}) == Thresholds(weights={"*": 0.5})


def test_the_digest_sees_content_and_order() -> None:
    digests = {
        Thresholds().sha256(),
        Thresholds(weights={"a*": 0.1, "b*": 0.2}).sha256(),
        Thresholds(weights={"b*": 0.2, "a*": 0.1}).sha256(),
        Thresholds(activations={"a*": 0.1, "b*": 0.2}).sha256(),
        Thresholds(gradients={"a*": 0.1, "b*": 0.2}).sha256(),
        Thresholds(weights={"a*": 0.1}, blocks={"b": ["a"]}).sha256(),
        Thresholds(weights={"a*": {"sparsifier": "x"}}).sha256(),
        Thresholds(weights={"a*": {"quantiser": "x"}}).sha256(),
    }
    assert len(digests) == 8
    assert Thresholds(name="x").sha256() == Thresholds(name="y").sha256()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"weight": {}}, "unknown key 'weight'; did you mean 'weights'?"),
        ({"weights": 3}, "weights 3 is not a table"),
        ({"weights": {"c": -0.1}}, "weights.c -0.1 is out of range; use 0 to 3.4e+38"),
        ({"weights": {"c": 1e39}}, "weights.c 1e+39 is out of range; use 0 to 3.4e+38"),
        (
            {"activations": {"c": float("nan")}},
            "activations.c nan is not a finite number; use 0 or more",
        ),
        ({"weights": {"c": True}}, "weights.c true is no threshold; use a number or a table"),
        ({"weights": {"c": "0.1"}}, "weights.c '0.1' is no threshold; use a number or a table"),
        (
            {"weights": {"c": {"keep": 0.1}}},
            "weights.c: both are missing: give 'sparsifier' or 'quantiser', or a number",
        ),
        (
            {"weights": {"c": {"sparsifier": "top_k", "quantiser": "binary"}}},
            "weights.c: both are there: give 'sparsifier' or 'quantiser', or a number",
        ),
        (
            {"gradients": {"c": {"quantiser": 3}}},
            "gradients.c.quantiser 3 is not text; name a quantiser",
        ),
        ({"gradients": {"c": -1}}, "gradients.c -1 is out of range; use 0 to 3.4e+38"),
        ({"gradient": {"c": 1}}, "unknown key 'gradient'; did you mean 'gradients'?"),
        ({"blocks": {"u": []}}, "blocks.u [] is too short; give 1 or more"),
        ({"blocks": {"u": [3]}}, "blocks.u.0 3 is not text"),
    ],
)
def test_wrong_thresholds_are_one_line(values: dict[str, Any], line: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        Thresholds(**values)
    assert str(caught.value) == line


def test_an_error_in_a_file_starts_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[weights]\nconv1 = nan\n")
    with pytest.raises(SpecError) as caught:
        Thresholds.from_toml(path)
    line = f"{path}: weights.conv1 nan is not a finite number; use 0 or more"
    assert str(caught.value) == line


def test_an_own_file_lies_beside_the_map_and_counts_by_its_content(tmp_path: Path) -> None:
    digests = []
    for folder, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(text)
        path = tmp_path / folder / "map.toml"
        path.write_text('[weights]\n"*" = { sparsifier = "own.py:halves" }\n')
        read = Thresholds.from_toml(path)
        assert read.weights["*"].name == f"{tmp_path / folder / 'own.py'}:halves"
        digests.append(read.sha256())
    assert digests[0] == digests[1] != digests[2]
    (tmp_path / "a" / "own.py").unlink()
    with pytest.raises(SpecError) as caught:
        Thresholds.from_toml(tmp_path / "a" / "map.toml").sha256()
    line = f"{tmp_path / 'a' / 'own.py'}: cannot be read: No such file or directory"
    assert str(caught.value) == line


def test_in_python_an_own_file_is_as_given() -> None:
    rule = Thresholds(weights={"*": {"quantiser": "lib/own.py:f"}}).weights["*"]
    assert rule == Rule("lib/own.py:f", (), "quantiser")
