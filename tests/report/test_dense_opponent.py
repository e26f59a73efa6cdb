"""How reports call the dense array that an accelerator is held against."""

from __future__ import annotations

import pytest
from report_samples import sample

from sparsesim.machines import machine_named
from sparsesim.report import render


def dense(rows, cols, window, lanes):
    return machine_named("inner_join").Array(rows=rows, cols=cols, window=window, lanes=lanes)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((72, 8, 1, 1), "72x8 PEs"),
        ((28, 5, 4, 4), "28x5 PEs of 4 lanes"),
        ((28, 5, 4, 1), "28x5 PEs of 1 lane, window 4"),
        ((1, 2, 16, 2), "1x2 PEs of 2 lanes, window 16"),
    ],
)
def test_the_machine_names_its_dense_array(size, said):
    array = dense(*size)
    rules = machine_named("inner_join")
    assert rules.words(array) == said
    assert rules.words(array, "dense") == said.replace("PEs", "dense PEs")


def test_lanes_are_told_in_every_report():
    found = sample()
    several = found.iso_resource.model_copy(update={"array": dense(72, 8, 4, 4)})
    changed = found.model_copy(update={"iso_resource": several})
    for kind in ("text", "html", "markdown"):
        assert "72x8 PEs of 4 lanes" in " ".join(render(changed, kind).split())
        assert "72x8 PEs at" in " ".join(render(found, kind).split())
