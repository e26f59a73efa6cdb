"""MAC coverage in every output, with and without MACs that are unknown."""

from __future__ import annotations

import csv
import io
import json

import pytest
from report_samples import sample

from sparsesim.figures import mac_share as in_words
from sparsesim.graph.host_work import mac_share
from sparsesim.report import render
from sparsesim.report.compare import compare
from sparsesim.report.console import plain
from sparsesim.result.model import Result

KINDS = ("text", "markdown", "html")


def covering(share: float, is_bound: bool) -> Result:
    """The sample, with such a coverage."""
    result = sample()
    update = {"mac_coverage": share, "mac_coverage_is_bound": is_bound}
    if is_bound:
        update["macs"] = {"loop": -1}
    return result.model_copy(update={"host": result.host.model_copy(update=update)})


@pytest.mark.parametrize(
    ("part", "known", "some_unknown", "words"),
    [
        (1, 3, False, "33.3 %"),
        (2, 3, False, "66.7 %"),
        (3, 3, False, "100.0 %"),
        (99_999, 100_000, False, "99.9 %"),
        (0, 3, False, "0.0 %"),
        (1, 3, True, "at most 33.3 %"),
        (2, 3, True, "at most 66.6 %"),
        (1, 5, True, "at most 20.0 %"),
        (29, 100, True, "at most 29.0 %"),
        (57, 1000, True, "at most 5.7 %"),
        (3, 3, True, "at most 99.9 %"),
        (99_999, 100_000, True, "at most 99.9 %"),
        (0, 0, True, "at most 0.0 %"),
    ],
)
def test_shares_in_words(part, known, some_unknown, words):
    share = mac_share(part, known, some_unknown)
    assert in_words(share.value, share.is_bound) == words
    if some_unknown:
        assert share.value < 1
        assert share.value * known <= part


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("share", "is_bound", "words"),
    [(0.999, True, "at most 99.9 %"), (0.25, True, "at most 25.0 %"), (0.25, False, "25.0 %")],
)
def test_reports_say_what_is_a_bound(kind, share, is_bound, words):
    said = " ".join(render(covering(share, is_bound), kind).split())
    places = [said[at : at + 150] for at in range(len(said)) if said.startswith("MAC coverage", at)]
    assert len(places) == {"text": 1, "markdown": 1, "html": 4}[kind]
    for place in places:
        assert words in place
        assert is_bound == ("at most" in place)
        assert "100.0 %" not in place.partition(words)[0]


def test_tables_and_json_have_a_field_for_it():
    result = covering(0.999, True)
    rows = list(csv.DictReader(io.StringIO(render(result, "csv"))))
    assert {(row["mac_coverage"], row["mac_coverage_is_bound"]) for row in rows} == {
        ("0.999", "True")
    }
    host = json.loads(result.model_dump_json())["host"]
    assert host["mac_coverage"] == 0.999
    assert host["mac_coverage_is_bound"] is True


def test_a_comparison_says_it_of_both():
    shown = plain(compare(covering(0.25, False), covering(0.999, True)))
    assert [line.strip() for line in shown.splitlines() if "MAC coverage" in line] == [
        "MAC coverage 25.0 %",
        "MAC coverage at most 99.9 %",
    ]
