"""How reports call the dense array that an accelerator is held against."""

from __future__ import annotations

import pytest
from report_samples import sample

from sparsesim.report import render
from sparsesim.report.facts import pes_in_words


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((72, 8, 1, 1), "72x8 PEs"),
        ((28, 5, 4, 4), "28x5 PEs of 4 lanes"),
        ((28, 5, 4, 1), "28x5 PEs of 1 lane, window 4"),
        ((1, 2, 16, 2), "1x2 PEs of 2 lanes, window 16"),
    ],
)
def test_pes_in_words(size, said):
    assert pes_in_words(*size) == said
    assert pes_in_words(*size, "dense PEs") == said.replace("PEs", "dense PEs")


def test_lanes_are_told_in_every_report():
    found = sample()
    several = found.iso_resource.model_copy(update={"window": 4, "lanes": 4})
    changed = found.model_copy(update={"iso_resource": several})
    for kind in ("text", "html", "markdown"):
        assert "72x8 PEs of 4 lanes" in " ".join(render(changed, kind).split())
        assert "72x8 PEs at" in " ".join(render(found, kind).split())
