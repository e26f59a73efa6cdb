"""Which pattern wins for which layer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sparsesim.errors import SpecError
from sparsesim.graph.blocks import Block
from sparsesim.sparsity.choose import choose
from sparsesim.spec.thresholds import Rule, Thresholds

BLOCKS = (
    Block("stem", ("stem",), "t"),
    Block("unit1", ("layer1.0.conv1", "layer1.0.conv2"), "t"),
    Block("layer1.1", ("layer1.1.conv1",), "t"),
    Block("odd[1]", ("odd[1].fc",), "t"),
)
HOST = {"gate": "its weight is of type int64; layers take float16 float32 float64"}
GRAPH: Any = SimpleNamespace(reasons=HOST)


def chosen(*patterns: str) -> dict[str, str]:
    """Layer -> the pattern that won."""
    rules = Thresholds(weights=dict.fromkeys(patterns, 0.1)).weights
    found = choose(GRAPH, BLOCKS, rules, "weights")
    assert all(choice.rule == Rule("magnitude", (("threshold", 0.1),)) for choice in found.values())
    return {layer: choice.where.removeprefix("weights.") for layer, choice in found.items()}


@pytest.mark.parametrize(
    ("layer", "winner", "patterns"),
    [
        ("layer1.0.conv1", "layer1.0.conv1", ["layer1.0.conv1", "unit1", "layer1.0.conv*", "*"]),
        ("layer1.0.conv1", "unit1", ["unit1", "layer1.0.conv*", "*"]),
        ("layer1.0.conv1", "layer1.0.conv*", ["layer1.0.conv*", "layer1.*", "*"]),
        ("layer1.0.conv1", "*0.conv1", ["layer?.*", "*0.conv1"]),  # 6 literal characters, 7
        ("layer1.0.conv1", "layer1.0.conv[12]", ["layer1.0.conv*", "layer1.0.conv[12]"]),  # later
        ("layer1.0.conv1", "*er1.*conv1", ["lay*", "*er1.*conv1"]),
        ("layer1.0.conv2", "unit?", ["*", "unit?"]),  # by its block
        ("layer1.1.conv1", "layer1.1", ["layer1.1", "layer1.?.conv1"]),
        ("odd[1].fc", "odd[1].fc", ["odd[1].fc", "odd*"]),  # brackets in a name
        ("odd[1].fc", "odd[1]", ["odd[1]", "odd*"]),
    ],
)
def test_the_most_specific_pattern_wins(layer: str, winner: str, patterns: list[str]) -> None:
    assert chosen(*patterns)[layer] == winner
    if winner != "layer1.0.conv[12]":
        assert chosen(*reversed(patterns))[layer] == winner


def test_of_equal_patterns_the_later_line_wins() -> None:
    assert chosen("layer1.0.*", "layer1.*1")["layer1.0.conv1"] == "layer1.0.*"  # 9 and 8
    assert chosen("layer1.0*", "layer1.*1")["layer1.0.conv1"] == "layer1.*1"  # 8 both
    assert chosen("layer1.*1", "layer1.0*")["layer1.0.conv1"] == "layer1.0*"


def test_layers_without_a_pattern_are_left_out() -> None:
    assert chosen("layer1.1.*") == {"layer1.1.conv1": "layer1.1.*"}
    assert chosen() == {}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (
            "layer1.0.conv3",
            "weights: 'layer1.0.conv3' matches no layer and no block; "
            "near misses: layer1.0.conv2, layer1.0.conv1, layer1.1.conv1",
        ),
        ("unit2", "weights: 'unit2' matches no layer and no block; near misses: unit1"),
        ("Stem", "weights: 'Stem' matches no layer and no block; near misses: stem"),
        (
            "zzz*",
            "weights: 'zzz*' matches no layer and no block; "
            "use one of stem, layer1.0.conv1, layer1.0.conv2, ...",
        ),
        (
            "gate",
            "weights: 'gate' runs on the host, where nothing is sparsified: "
            "its weight is of type int64; layers take float16 float32 float64",
        ),
    ],
)
def test_a_pattern_that_matches_nothing_is_one_line(pattern: str, line: str) -> None:
    with pytest.raises(SpecError) as caught:
        chosen("*", pattern)
    assert str(caught.value) == line
