"""Labels: short, each another one, and each standing for one name only."""

from __future__ import annotations

import random

import pytest

from sparsesim.report.naming import distinct, fitted, in_lines, named_by

T5 = [
    f"/decoder/block.{block}/layer.{layer}/{kind}/{part}/MatMul"
    for block in range(6)
    for layer, kind in enumerate(("SelfAttention", "EncDecAttention"))
    for part in "qkvo"
]
LITE = [
    ";".join(
        f"model_1/re_lu_{i + first}/batch_normalization_{i}/FusedBatchNormV3/ReadVariableOp"
        for i in range(5)
    )
    for first in range(8)
]
DEEP = [f"net/{'x' * 40}/{i}/{'y' * 40}" for i in range(30)]
PATHS = [f"stage{a}.blocks.{b}.attn.{c}" for a in range(3) for b in range(9) for c in ("qkv", "pj")]
BRACKETS = [f"blk[/{i}]/[red]conv:{j}" for i in range(12) for j in range(3)]
BLANK = ["x" * 300 + str(i) + "y" * 300 for i in range(12)]


@pytest.mark.parametrize("names", [T5, LITE, DEEP, PATHS, BRACKETS, BLANK])
@pytest.mark.parametrize("width", [14, 22, 24, 30, 48])
@pytest.mark.parametrize("strip", [False, True])
def test_labels_differ_and_fit(names, width, strip):
    labels = fitted(names, width, strip)
    assert list(labels) == names
    assert len(set(labels.values())) == len(names)
    assert max(map(len, labels.values())) <= width


@pytest.mark.parametrize("names", [T5, DEEP, PATHS])
def test_a_label_without_a_number_stands_for_one_name(names):
    for name, label in fitted(names, 24, strip=False).items():
        assert named_by(label, names) == [name]


def test_what_distinguishes_is_kept():
    labels = fitted(T5, 22)
    assert labels["/decoder/block.0/layer.0/SelfAttention/q/MatMul"] == "0/layer.0/…on/q/MatMul"
    assert fitted(DEEP, 24)[DEEP[7]] == "7/yyyyyyyyy…yyyyyyyyyyyy"
    alike = [f"first/{'m' * 20}{side}{'n' * 20}/{side}/last{'z' * 20}" for side in "ab"]
    assert list(distinct(alike, 14).values()) == ["first/…/a/…", "first/…/b/…"]


def test_short_names_stay_as_they_are():
    assert fitted(["conv1", "fc"], 8) == {"conv1": "conv1", "fc": "fc"}
    assert distinct(["0.5", "0.25", "0.5"], 8) == {"0.5": "0.5", "0.25": "0.25"}
    assert fitted([], 8) == {}


def test_a_number_where_nothing_else_tells_them_apart():
    labels = fitted(BLANK, 20)
    assert labels[BLANK[0]] == "1 xxxxxxxx…yyyyyyyyy"
    assert labels[BLANK[11]] == "12 xxxxxxxx…yyyyyyyy"


def test_random_names():
    rng = random.Random(0)
    words = ["conv", "block", "layer", "attention", "norm", "0", "1", "12", "MatMul", "x" * 30]
    for _ in range(60):
        count = rng.randrange(1, 40)
        names = ["/".join(rng.choices(words, k=rng.randrange(1, 9))) for _ in range(count)]
        width = rng.randrange(10, 50)
        labels = fitted(names, width)
        assert len(set(labels.values())) == len(set(names))
        assert max(map(len, labels.values())) <= width


def test_many_names_take_no_long_time():
    names = [f"{'a' * 30}/{i // 50}/{i % 50}/{'b' * 30}" for i in range(4000)]
    labels = fitted(names, 24, strip=False)
    assert len(set(labels.values())) == 4000


@pytest.mark.parametrize(
    "label,width,lines",
    [
        ("block.0/conv/MatMul", 30, ["block.0/conv/MatMul"]),
        ("block.0/conv/MatMul", 14, ["block.0/conv/", "MatMul"]),
        ("x" * 20, 12, ["x" * 12, "x" * 8]),
        ("a/" + "x" * 18, 12, ["a/" + "x" * 10, "x" * 8]),
        ("", 5, [""]),
    ],
)
def test_lines_end_behind_a_separator_where_the_rest_fits(label, width, lines):
    assert in_lines(label, width) == lines
    assert "".join(lines) == label
