"""Reports on a machine of one scheme that skips nothing: no speedups, and nothing of densities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.estimator.break_even import break_even
from sparsesim.machines import found, machine_named, register_machine
from sparsesim.machines.slot_class import SlotClass
from sparsesim.report import render
from sparsesim.report.charts import spec
from sparsesim.report.compare import compare
from sparsesim.report.console import plain
from sparsesim.report.explain import explain

ROOT = Path(__file__).resolve().parents[2]
Toy = type(machine_named(f"{ROOT / 'tests/machines/toy.py'}:Toy"))


class Plain(Toy):
    """The toy with its dense mode alone, and a class of which there is much to say."""

    name = "toy_plain"
    schemes = Toy.schemes[:1]
    default_scheme = schemes[0].name
    classes = (*Toy.classes[:3], SlotClass("starting", "starting", "start", "#b565c4", "long " * 9))


@pytest.fixture(scope="module", autouse=True)
def _known() -> Iterator[None]:
    before = dict(found._made)
    register_machine(Plain())
    yield
    found._made.clear()
    found._made.update(before)


@pytest.fixture(scope="module")
def trace() -> ss.Trace:
    graph = ss.load(ROOT / "models_onnx/lenet.onnx")
    digits = ROOT / "models_onnx/mnist_test_300.npz"
    return ss.execute(graph, ss.open_inputs(digits, ss.input_specs(graph), images=1))


@pytest.fixture(scope="module")
def result(trace: ss.Trace) -> ss.Result:
    return ss.estimate(trace, ss.Accelerator(machine="toy_plain"))


def test_nothing_is_held_against_itself(result: ss.Result) -> None:
    assert (result.baseline, result.speedup, result.speedup_interval) == (None, {}, {})
    assert result.accelerator.rules.baseline is not None  # it may still be another's opponent
    for kind in ("text", "markdown", "html"):
        said = " ".join(render(result, kind).split())
        assert "toy_plain has one scheme" in said
        assert "1.00x" not in said, kind
        assert "alone says" not in said and "Mean densities" not in said, kind
    assert spec(result, "speedup") is None and spec(result, "density") is None


def test_a_layer_is_explained_without_densities(result: ss.Result) -> None:
    said = plain(explain(result, "conv1"))
    assert "mean densities" not in said and "\nspeedup" not in said


def test_shares_are_not_cut_for_long_words_of_a_class(result: ss.Result) -> None:
    said = render(result, "text")
    where = said[said.index("Where cycles go") : said.index("layers, by cycles")]
    assert "long" in where
    assert all("%" in line for line in where.splitlines()[1:-1] if line.strip())


def test_a_comparison_says_why_there_are_no_speedups(result: ss.Result) -> None:
    said = " ".join(plain(compare(result, result)).split())
    assert "Without speedups: toy_plain has one scheme." in said


def test_nothing_breaks_even(trace: ss.Trace) -> None:
    says = r"^machine 'toy_plain' skips no zeros: nothing can break even$"
    with pytest.raises(SpecError, match=says):
        break_even(trace, ss.Accelerator(machine="toy_plain"))
