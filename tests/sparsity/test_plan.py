"""What each layer gets by each table, and that all of a map is checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sparsify_models import two_layers

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, load
from sparsesim.sparsity import plan, sparsify
from sparsesim.sparsity.choose import choose_by_name
from sparsesim.spec.thresholds import Rule, Thresholds


@pytest.fixture
def graph() -> Graph:
    return load(two_layers(np.random.default_rng(0)))


def test_every_table_is_planned(graph: Graph) -> None:
    thresholds = Thresholds(
        blocks={"both": ["conv?"]},
        weights={"*": 0.1, "conv2": {"quantiser": "binary"}},
        gradients={"both": 0.2, "conv1": {"sparsifier": "random", "share": 0.5}},
    )
    planned = plan(graph, thresholds)
    words = {
        table: {layer: (str(choice.rule), choice.pattern) for layer, choice in choices.items()}
        for table, choices in planned.items()
    }
    assert set(words) >= {"weights", "activations", "gradients"}
    assert words["weights"] == {"conv1": ("magnitude 0.1", "*"), "conv2": ("binary", "conv2")}
    assert words["activations"] == {}
    assert words["gradients"] == {
        "conv1": ("random share 0.5", "conv1"),
        "conv2": ("magnitude 0.2", "both"),
    }
    assert planned["gradients"]["conv2"].where == "gradients.both"


def test_gradients_alone_change_no_graph(graph: Graph) -> None:
    assert sparsify(graph, Thresholds(gradients={"*": 0.5})) is graph


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            {"gradients": {"cov1": 0.1}},
            "gradients: 'cov1' matches no layer and no block; near misses: conv1, conv2",
        ),
        (
            {"gradients": {"*": {"sparsifier": "magnitud"}}},
            "gradients.*: unknown sparsifier 'magnitud'; did you mean 'magnitude'?",
        ),
        (
            {"gradients": {"*": {"quantiser": "binary", "scale": -1}}},
            "gradients.*: scale -1 is out of range; use more than 0",
        ),
        # A rule that no layer gets is checked, too.
        (
            {"weights": {"*": {"sparsifier": "top_k", "keep": 2}, "conv?": 0.1}},
            "weights.*: keep 2 is out of range; use 0 to 1",
        ),
    ],
)
def test_all_of_a_map_is_checked(graph: Graph, tables: dict[str, Any], line: str) -> None:
    for check in (plan, sparsify):
        with pytest.raises(SpecError) as caught:
            check(graph, Thresholds(**tables))
        assert str(caught.value) == line


def test_gradients_take_what_activations_cannot(graph: Graph) -> None:
    rule = {"quantiser": "fixed_point", "width": 8, "fraction": 4, "rounding": "stochastic"}
    assert len(plan(graph, Thresholds(gradients={"*": rule}))["gradients"]) == 2


def test_layers_that_no_graph_holds() -> None:
    block_of = {"block1/conv1": "block1", "block1/conv2": "block1", "fc": "fc"}
    rules = {"block1": Rule("binary", (), "quantiser"), "*conv2": Rule("float16", (), "quantiser")}
    found = choose_by_name(block_of, rules | {"block1/conv2": rules["*conv2"]}, "gradients")
    assert {layer: choice.pattern for layer, choice in found.items()} == {
        "block1/conv1": "block1",
        "block1/conv2": "block1/conv2",
    }
    with pytest.raises(SpecError) as caught:
        choose_by_name(block_of, {"fc1": rules["block1"]}, "gradients")
    line = "gradients: 'fc1' matches no layer and no block; near misses: fc"
    assert str(caught.value) == line
