"""CSV and Markdown, whole; which kinds there are; writing."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from report_samples import assert_golden, random_inputs, sample, without_layers

from sparsesim.errors import SparseSimError, SpecError
from sparsesim.report import KINDS, render, write


@pytest.mark.parametrize("kind, ending", [("csv", "csv"), ("markdown", "md")])
def test_the_report_is_the_golden_one(kind, ending):
    assert_golden(f"lenet.{ending}", render(sample(), kind))


def test_csv_has_a_row_a_layer_with_the_exact_numbers():
    result = sample()
    rows = list(csv.DictReader(StringIO(render(result, "csv"))))
    assert [row["layer"] for row in rows] == [layer.name for layer in result.layers]
    first, layer = rows[0], result.layers[0]
    assert int(first["two_sided_total_cycles"]) == layer.cycles["two_sided"].total
    assert float(first["two_sided_energy_dram_pj"]) == layer.schemes["two_sided"].energy_pj["dram"]
    assert int(first["none_drain_wait_lane_slots"]) == layer.schemes["none"].classes["drain_wait"]
    assert first["inputs_are_random"] == "False"


def test_csv_without_layers_is_a_heading():
    assert render(without_layers(sample()), "csv") == "model,layer\n"


def test_markdown_says_random_inputs_and_escapes_names():
    said = render(random_inputs(sample()), "markdown")
    assert "> **Warning: inputs are random (RANDOM uniform values, seed 0)" in said
    assert "> **Warning: another \\[word\\]**" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", [without_layers, random_inputs])
def test_every_kind_takes_every_result(kind, change):
    said = render(change(sample()), kind)
    assert "inputs are random" in said or "True" in said or change is without_layers


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(SpecError) as error:
        render(sample(), "htm")
    assert str(error.value) == "unknown report 'htm'; did you mean 'html'?"


def test_writing_keeps_what_exists(tmp_path):
    path = tmp_path / "a.md"
    write(sample(), "markdown", path)
    assert path.read_text("utf-8") == render(sample(), "markdown")
    with pytest.raises(SparseSimError) as error:
        write(sample(), "csv", path)
    assert str(error.value) == f"{path}: exists; use --force to overwrite it"
    write(sample(), "csv", path, force=True)
    assert path.read_text("utf-8").startswith("model,")
