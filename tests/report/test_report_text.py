"""What users read in a terminal, whole, at 80 columns and without colours."""

from __future__ import annotations

import pytest
from report_samples import assert_golden, random_inputs, sample, without_layers

from sparsesim.report import render
from sparsesim.report.console import plain
from sparsesim.report.text import text
from sparsesim.result.model import Accuracy, OutputError


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_the_summary_is_the_golden_one(name):
    assert_golden(f"{name}.txt", render(sample(name), "text"))


def test_no_line_is_wider_than_80_columns():
    assert max(map(len, render(sample(), "text").splitlines())) <= 80


def test_random_inputs_are_said_loudly():
    assert_golden("random-inputs.txt", render(random_inputs(sample()), "text"))


def test_the_output_error_stands_beside_the_speedup():
    result = sample().model_copy(
        update={
            "output_error": OutputError(mean=0.0123, worst=0.0456, top1_agreement=0.98),
            "accuracy": Accuracy(images=50, top1_before=1.0, top1_after=0.98),
        }
    )
    said = render(result, "text")
    assert "  output error  mean 1.23 %, worst 4.56 % of the output's range; same top-1 in" in said
    assert "  top-1         100.0 % before, 98.0 % after, of 50 labelled images\n" in said


def test_a_result_without_layers_is_readable():
    said = render(without_layers(sample()), "text")
    assert "Where cycles go" not in said
    assert "lenet.onnx, 50 images" in said


def test_a_single_image_has_no_interval():
    result = sample()
    nothing = dict.fromkeys(result.speedup_interval)
    assert "one image" in render(result.model_copy(update={"speedup_interval": nothing}), "text")


def test_a_narrow_terminal_cuts_no_number():
    assert "1.72x" in plain(text(sample()), width=72)


def test_one_layer_and_nothing_on_the_host():
    result = sample()
    host = result.host.model_copy(update={"operators": {}})
    said = render(result.model_copy(update={"layers": result.layers[:1], "host": host}), "text")
    assert "\n  1 of 1 layer, by cycles " in said
    assert "\n  on the host   nothing. MAC coverage 100.0 %\n" in said


def test_short_times_are_not_cut():
    result = sample()
    few = {
        scheme: cycles.model_copy(update={"total": 50 * 247})
        for scheme, cycles in result.totals.cycles.items()
    }
    totals = result.totals.model_copy(update={"cycles": few})
    said = render(result.model_copy(update={"totals": totals}), "text")
    assert said.count("247   0.0012 ms") == 4
