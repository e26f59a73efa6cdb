"""A user's own functions by `file.py:name`, and ones that state their ONNX nodes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sparsify_models import differences, two_layers

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, load
from sparsesim.sparsity import find_quantiser, find_sparsifier, quantiser, sparsifier, sparsify
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.plan import check_rules
from sparsesim.sparsity.quantisers import QUANTISERS
from sparsesim.sparsity.sparsifiers import SPARSIFIERS
from sparsesim.spec.thresholds import Thresholds

OWN = '''
from typing import Annotated

import numpy as np
from pydantic import Field

from sparsesim.sparsity import quantiser


def halves(values, factor: Annotated[float, Field(ge=0)] = 1.0):
    """Zero every second value.

    More.
    """
    kept = values * factor
    kept.reshape(-1)[::2] = 0
    return kept


def doubles(values):
    return values * 2


def _doubles(nodes, tensor):
    return nodes.add("Add", tensor, tensor)


doubles.as_onnx = _doubles


def fails(values):
    raise OverflowError("too far")


number = 3
'''


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    before = [dict(registry._registered) for registry in (SPARSIFIERS, QUANTISERS)]
    yield
    for registry, kept in zip((SPARSIFIERS, QUANTISERS), before, strict=True):
        registry._registered.clear()
        registry._registered.update(kept)


@pytest.fixture
def graph() -> Graph:
    return load(two_layers(np.random.default_rng(0)))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`lib/own.py` below the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("lib/own.py")
    path.parent.mkdir()
    path.write_text(OWN)
    return path


def test_a_map_names_a_function_of_a_file_beside_it(own: Path, graph: Graph) -> None:
    Path("lib/map.toml").write_text(
        '[weights]\nconv1 = { sparsifier = "own.py:halves", factor = 3 }\n'
        '[activations]\nconv2 = { quantiser = "own.py:doubles" }\n'
    )
    after = sparsify(graph, Thresholds.from_toml("lib/map.toml"))
    rows = np.moveaxis(graph.constants["w1"], 1, -1).reshape(-1)
    found = np.moveaxis(after.constants["w1"], 1, -1).reshape(-1)
    np.testing.assert_array_equal(found[1::2], rows[1::2] * 3)
    assert not found[::2].any()
    assert after.rewrites == (
        "weights of 1 layer by lib/own.py:halves factor 3",
        "activations of 1 layer by lib/own.py:doubles",
    )
    x = np.random.default_rng(1).standard_normal((2, 4, 6, 6)).astype(np.float32)
    assert max(differences(after, {"x": x})) < 1e-4
    assert "conv2:behind:lib/own.py:doubles:Add" in [n.name for n in after.model.graph.node]


def test_a_file_is_run_once_and_again_when_it_has_changed(own: Path) -> None:
    own.write_text("print('ran')\ndef f(values):\n    return values * 2\n")
    first = find_sparsifier("lib/own.py:f").function
    assert find_sparsifier("lib/own.py:f").function is first
    own.write_text("def f(values):\n    return values * 3\n")
    os.utime(own, ns=(1, 1))
    assert find_sparsifier("lib/own.py:f").apply(np.ones((1, 1))).item() == 3


def test_an_absolute_path_is_taken_as_it_is(own: Path) -> None:
    function = find_sparsifier(f"{own.resolve()}:halves")
    assert function.summary == "Zero every second value (parameters: factor; not behind layers)"


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("", "other.py:f", "other.py: no such file; give the file that defines 'f'"),
        (OWN, "own.py:halvs", "own.py: has no function 'halvs'; did you mean 'halves'?"),
        (
            OWN,
            "own.py:number",
            "own.py: has no function 'number'; use one of halves, doubles, _doubles, fails",
        ),
        ("x = 1", "own.py:f", "own.py: has no function 'f'; it defines none"),
        (
            "def f(:",
            "own.py:f",
            "own.py: does not run: SyntaxError: invalid syntax (own.py, line 1)",
        ),
        (
            "\nimport no_such",
            "own.py:f",
            "own.py: does not run: ModuleNotFoundError: No module named 'no_such' (line 2)",
        ),
        (
            "def g():\n    raise KeyError('k')\ng()",
            "own.py:f",
            "own.py: does not run: KeyError: 'k' (line 2)",
        ),
        ("raise SystemExit(3)", "own.py:f", "own.py: does not run: SystemExit: 3 (line 1)"),
        (
            OWN,
            "own.py:fails",
            "sparsifier 'own.py:fails' fails: OverflowError: too far",
        ),
    ],
)
def test_a_broken_file_is_one_line(
    own: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch, text: str, name: str, line: str
) -> None:
    monkeypatch.chdir("lib")
    Path("own.py").write_text(text)
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(weights={"conv*": {"sparsifier": name}}))
    assert str(caught.value) == f"weights.conv*: {line}"


def test_an_own_parameter_out_of_range_names_the_line(own: Path, graph: Graph) -> None:
    rule = {"sparsifier": "lib/own.py:halves", "factor": -1}
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(weights={"conv1": rule}))
    assert str(caught.value) == "weights.conv1: factor -1 is out of range; use 0 or more"


def test_one_without_nodes_cannot_stand_behind_a_layer(own: Path, graph: Graph) -> None:
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(activations={"*": {"quantiser": "lib/own.py:halves"}}))
    assert str(caught.value) == (
        "activations.*: quantiser 'lib/own.py:halves' states no ONNX nodes (as_onnx), so it cannot "
        "stand behind a layer as plain ONNX; quantisers that can: binary, fixed_point, float16, "
        "logarithmic, ternary"
    )


def test_a_registered_function_states_its_nodes(graph: Graph) -> None:
    def floor_nodes(nodes: OnnxNodes, tensor: str, step: float) -> str:
        whole = nodes.add("Floor", nodes.add("Div", tensor, nodes.number(step)))
        return nodes.add("Mul", whole, nodes.number(step))

    @quantiser("steps", as_onnx=floor_nodes)
    def steps(values: NDArray, step: float) -> NDArray:
        return np.floor(values / np.float32(step)) * np.float32(step)

    assert find_quantiser("steps").opset == 13
    rule = {"quantiser": "steps", "step": 0.25}
    after = sparsify(graph, Thresholds(weights={"*": rule}, activations={"conv1": rule}))
    assert not (after.constants["w2"] % 0.25).any()
    assert [n.op_type for n in after.model.graph.node if "behind" in n.name] == [
        "Div",
        "Floor",
        "Mul",
    ]


def test_why_there_are_no_nodes_is_said(graph: Graph) -> None:
    sparsifier("coin", not_onnx="tosses a coin")(lambda values: values)
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(activations={"*": {"sparsifier": "coin"}}))
    assert str(caught.value) == (
        "activations.*: sparsifier 'coin' tosses a coin, so it cannot stand behind a layer as "
        "plain ONNX; sparsifiers that can: magnitude, relative"
    )


def test_parameters_that_do_not_go_together_are_found_before_anything_runs(tmp_path) -> None:
    (tmp_path / "own.py").write_text(
        "from sparsesim.errors import SpecError\n"
        "def between(values, low: float, high: float):\n"
        "    raise RuntimeError('not to be called')\n"
        "def check(low, high):\n"
        "    if low > high:\n"
        "        raise SpecError(f'low {low} is out of range; use up to high, which is {high}')\n"
        "between.check = check\n"
    )
    rule = {"sparsifier": f"{tmp_path}/own.py:between", "low": 2.0, "high": 1.0}
    with pytest.raises(SpecError) as error:
        check_rules(Thresholds(weights={"conv*": rule}).weights, "weights")
    assert str(error.value) == (
        "weights.conv*: low 2.0 is out of range; use up to high, which is 1.0"
    )
    right = Thresholds(weights={"conv*": {**rule, "low": 0.5}}).weights
    check_rules(right, "weights")
