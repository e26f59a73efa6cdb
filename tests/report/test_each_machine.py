"""What users read of each machine beside inner_join: summary, explanation and comparison, whole.

lenet-stream.json and those of systolic and broadcast, from the repository's folder:

    sparsesim estimate models_onnx/lenet.onnx --inputs models_onnx/mnist_test_300.npz --images 10 \\
        --thresholds models_onnx/lenet_thresholds.toml --set machine=stream \\
        -o tests/report/lenet-stream.json
"""

from __future__ import annotations

import pytest
from report_samples import assert_golden, sample

from sparsesim.machines import machine_named, machine_names
from sparsesim.report import render
from sparsesim.report.compare import compare
from sparsesim.report.console import plain
from sparsesim.report.explain import explain
from sparsesim.report.facts import dense_in_words

OTHERS = ("systolic", "stream", "broadcast")


@pytest.mark.parametrize("name", OTHERS)
def test_the_summary_of_a_machine_is_the_golden_one(name):
    text = render(sample(f"lenet-{name}"), "text")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert_golden(f"lenet-{name}.txt", text)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "fc3"])
def test_the_explanation_of_a_machine_is_the_golden_one(name, layer):
    text = plain(explain(sample(f"lenet-{name}"), layer))
    assert max(map(len, text.splitlines())) <= 80
    assert_golden(f"lenet-{name}-{layer}.txt", text)


def test_two_machines_are_compared_as_the_golden_text_says():
    text = plain(compare(sample("lenet-stream"), sample("lenet-broadcast")))
    assert_golden("compare-stream-broadcast.txt", text)


def test_where_a_machine_has_no_dense_mode_no_column_is_empty():
    text = render(sample("lenet-broadcast"), "text")
    assert "  scheme     cycles/image  time/image\n" in text
    assert "95 % interval" not in text


def test_densities_say_nothing_of_a_dense_scheme():
    assert "mean density" not in render(sample("lenet-systolic"), "text")
    assert "Mean densities" not in render(sample("lenet-systolic"), "markdown")
    assert "mean density" in render(sample("lenet-stream"), "text")


def test_a_scheme_that_does_less_than_its_name_says_is_noted():
    systolic = machine_named("systolic")
    structured = systolic.scheme("structured")
    said = "n_of_m is none, so it multiplies all that none does; only its encoded DRAM blocks gain"
    assert systolic.scheme_note(structured, systolic.Array()) == said
    assert systolic.scheme_note(structured, systolic.Array(n_of_m="2:4")) == ""
    assert systolic.scheme_note(systolic.scheme("none"), systolic.Array()) == ""
    text = " ".join(render(sample("lenet-systolic"), "text").split())
    assert f"! structured: {said}" in text
    for name in machine_names():
        rules = machine_named(name)
        notes = [rules.scheme_note(one, rules.Array()) for one in rules.schemes]
        assert any(notes) == (name == "systolic")


def test_an_opponent_on_another_machine_is_named_with_it():
    rows = machine_named("stream").Array(rows=2, lanes=64, units=2, stash=32)
    assert dense_in_words("stream", rows, "inner_join") == "2 dense rows of 64 lanes (stream)"
    assert dense_in_words("stream", rows, "stream") == "2 dense rows of 64 lanes"
    square = machine_named("systolic").Array()
    assert dense_in_words("systolic", square) == "16x16 dense weight-stationary systolic PEs"
