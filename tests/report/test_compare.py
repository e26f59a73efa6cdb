"""`compare`: whole texts, and what it must not keep to itself."""

from __future__ import annotations

from report_samples import assert_golden, random_inputs, sample

from sparsesim.report.compare import compare
from sparsesim.report.console import plain
from sparsesim.result.model import OutputError


def test_the_comparison_is_the_golden_one():
    assert_golden("compare.txt", plain(compare(sample(), sample("lenet-ecp5"))))


def test_equal_results_differ_in_nothing():
    said = plain(compare(sample(), sample()))
    assert "Accelerator, device and versions are the same." in said
    assert "differ" not in said and "→" not in said


def test_layers_in_one_only_are_listed():
    a = sample()
    b = a.model_copy(update={"layers": a.layers[1:]})
    assert "! only in A: conv1\n" in plain(compare(a, b))
    assert "! only in B: conv1\n" in plain(compare(b, a))


def test_another_model_and_rewrites_are_said():
    a = sample()
    b = a.model_copy(
        update={
            "provenance": a.provenance.model_copy(update={"model_sha256": "0" * 64}),
            "model": a.model.model_copy(update={"rewrites": ("weights: threshold 0.01",)}),
            "output_error": OutputError(mean=0.01, worst=0.02, top1_agreement=None),
        }
    )
    said = plain(compare(a, b))
    assert "! the model differs\n" in said
    assert "model rewrites  none  weights: threshold 0.01\n" in said
    assert "output error mean 1.00 %, worst 2.00 % of the output's range\n" in said


def test_random_inputs_are_said():
    assert "! B: inputs are random" in plain(compare(sample(), random_inputs(sample())))
