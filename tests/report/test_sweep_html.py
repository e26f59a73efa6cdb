"""The page of a sweep asks the network for nothing and holds every point of the front."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sparsesim.report.sweep_html import sweep_html
from sparsesim.sweeps.result import SweepResult, load_sweep_result, open_details
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

ROOT = Path(__file__).resolve().parents[2] / "models_onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Eight points, of which two fail."""
    folder = tmp_path_factory.mktemp("sweep") / "out"
    network = {"model": str(ROOT / "lenet.onnx"), "inputs": str(ROOT / "mnist_test_300.npz")}
    space = {
        "rows": [4, 8],
        "skipping": ["none", "two_sided"],
        "output_buffer_kib": [0.04, 64],
        "cols": 4,
    }
    sweep_into(SweepSpec(name="<b>small</b>", networks=[network], space=space), folder)
    return folder


@pytest.fixture(scope="module")
def result(folder) -> SweepResult:
    return load_sweep_result(folder)


@pytest.fixture(scope="module")
def page(folder, result) -> str:
    with open_details(folder) as details:
        return sweep_html(result, details)


class Page(HTMLParser):
    """Its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_nothing_is_fetched_and_names_are_no_markup(page):
    for tag, attributes in Page(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "b")
        assert not {"src", "href", "srcset", "data", "action"} & set(attributes), tag
    assert "&lt;b&gt;small&lt;/b&gt;" in page


def test_it_holds_the_points_and_the_layers_of_the_front(page, result):
    found = re.search(r'id="charts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    known = json.loads(found[1])
    data = known["data"]
    assert len(result.failed) == 2 and len(result.measured) == 6
    assert set(data["points"]) == {row.key for row in result.measured}
    assert set(data["charts"]) == result.front_keys
    assert data["first"] == result.front[0].key
    assert [layer["name"] for layer in data["charts"][data["first"]]["layers"]] == [
        "conv1", "conv2", "fc3", "fc4",
    ]  # fmt: skip
    rows = [a["data-key"] for tag, a in Page(page).tags if tag == "tr" and "data-key" in a]
    assert rows == [row.key for row in result.front]
    for name in known["charts"]:
        assert f'id="chart-{name}"' in page
    assert {
        *("front", "layers", "roofline", "sensitivity-rows", "sensitivity-skipping", "where-rows"),
        *("curve-rows", "speedups", "formats-weight", "formats-activation"),
    } <= set(known["charts"])
    assert set(data["dense"]) == result.front_keys
    assert "output_buffer_kib is" in page  # what the failed ones say
