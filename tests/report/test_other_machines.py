"""Reports on a machine that nothing in `sparsesim` knows, and on one without a dense mode."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.machines import machine_named
from sparsesim.report import KINDS, render
from sparsesim.report.charts import chart_names, spec
from sparsesim.report.classes import bounds, classes
from sparsesim.report.compare import compare
from sparsesim.report.console import plain
from sparsesim.report.explain import explain
from sparsesim.report.sweep_machines import scheme_colours

ROOT = Path(__file__).resolve().parents[2]
TOY = f"{ROOT / 'tests/machines/toy.py'}:Toy"
SPARSE = TOY.replace(":Toy", ":Sparse")


@pytest.fixture(scope="module")
def trace():
    graph = ss.load(ROOT / "models_onnx/lenet.onnx")
    digits = ROOT / "models_onnx/mnist_test_300.npz"
    inputs = ss.open_inputs(digits, ss.input_specs(graph), images=2)
    return ss.execute(graph, inputs)


@pytest.fixture(scope="module", params=[TOY, SPARSE], ids=["toy", "without a dense mode"])
def result(request, trace):
    return ss.estimate(trace, ss.Accelerator(machine=request.param), iso_resource=True)


@pytest.mark.parametrize("kind", KINDS)
def test_reports_speak_the_words_of_the_machine(result, kind):
    said = render(result, kind)
    assert "start" in said
    for word in ("two_sided", "drain", "operand wait"):
        assert word not in said


def test_csv_has_the_keys_of_its_array_and_speedups_where_there_are_any(result):
    rows = list(csv.DictReader(StringIO(render(result, "csv"))))
    assert rows[0]["machine"] == result.accelerator.machine
    assert (rows[0]["multipliers"], rows[0]["setup_cycles"]) == ("8", "2")
    faster = [key for key in rows[0] if "speedup" in key]
    assert len(faster) == len(result.speedup)


def test_every_layer_is_explained(result):
    said = plain(explain(result, "conv1"))
    assert "a start a strip" in said
    assert f"under {result.accelerator.skipping}" in said
    assert ("\nspeedup " in said) == (result.baseline is not None)


def test_a_bound_without_a_cause_is_listed_with_its_cycles(result):
    said = plain(explain(result, "conv2"))
    assert "Bound by work under" in said
    assert f"What lifts work is not known of the machine {result.accelerator.rules.name}." in said


def test_charts_draw_what_there_is(result):
    drawn = {which: spec(result, which) for which in chart_names()}
    assert (drawn["speedup"] is None) == (result.baseline is None)
    assert all(drawn[which] is not None for which in ("cycles", "balance", "dram", "density"))
    shown = json.dumps(drawn["cycles"])
    assert "starting" in shown and "#b565c4" in shown


def test_two_machines_are_compared(result, trace):
    other = ss.estimate(trace, ss.Accelerator())
    said = " ".join(plain(compare(result, other)).split())
    assert "accelerator machine" in said and "accelerator rows" in said
    if result.baseline is None:
        assert "Speedups of B are against the dense scheme on the same 16x16 array." in said
        assert "Without speedups: toy_sparse has no dense mode." in said
    else:
        assert "the dense scheme on the same array: 8-multiplier in A, 16x16 in B." in said


def test_without_a_dense_mode_equal_resources_are_what_counts(trace):
    result = ss.estimate(trace, ss.Accelerator(machine=SPARSE), iso_resource=True)
    assert result.baseline is None and result.speedup == {}
    for kind in ("text", "markdown", "html"):
        said = " ".join(render(result, kind).split())
        assert "has no dense mode" in said
        assert "equal FPGA" in said or "At equal resources" in said


def test_schemes_of_several_machines_are_told_apart():
    machines = (machine_named("inner_join"), machine_named(TOY))
    found = ["inner_join none", "inner_join weight", "toy every_pair", "toy nonzero_weights"]
    colours = scheme_colours(machines, found)
    assert list(colours) == found  # in the machines' order
    assert len(set(colours.values())) == len(found)  # though two of each are alike
    assert scheme_colours(machines[:1], ["weight"]) == {"weight": "#d4a72c"}


def test_classes_of_several_machines_stand_beside_each_other():
    inner_join, toy = machine_named("inner_join"), machine_named(TOY)
    words = [kind.words for kind in classes(inner_join, toy)]
    assert words[-5:] == ["useful", "wasted", "left over", "starting", "DRAM stall"]
    assert len(words) == len(inner_join.classes) + len(toy.classes) + 1
    assert classes(toy, toy) == classes(toy)
    assert list(bounds(toy)) == ["work", "rest", "start", "dram"]
