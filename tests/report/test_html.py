"""The HTML page asks the network for nothing and says all; charts become PNG images."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from report_samples import random_inputs, sample, without_layers

from sparsesim.errors import SpecError
from sparsesim.report import render
from sparsesim.report.charts import caption, chart_names, png, spec


class Page(HTMLParser):
    """Tags with their attributes, and text by the tag that it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text[self._inside] = self.text.get(self._inside, "") + data


@pytest.fixture(scope="module")
def page() -> str:
    return render(sample(), "html")


def test_nothing_is_fetched(page):
    found = Page(page)
    for tag, attributes in found.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "video", "audio")
        assert not {"src", "href", "srcset", "data", "action"} & set(attributes), tag
    assert "url(" not in found.text["style"] and "@import" not in found.text["style"]
    policy = next(a["content"] for t, a in found.tags if t == "meta" and "http-equiv" in a)
    assert policy is not None and policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_addresses_stand_only_in_the_bundle(page):
    known = {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/2000/xmlns/",
        "http://www.w3.org/1999/xlink",
    }
    specs = re.search(r'id="charts">(.*?)</script>', page, re.DOTALL)
    assert specs is not None
    before, _, rest = page.partition(specs[0])
    own_script = rest.rpartition("<script>")[2]
    assert "vegaEmbed" in own_script and len(own_script) < 5_000
    assert set(re.findall(r"https?://[^\s\"'`)]+", before + specs[1] + own_script)) <= known


def test_each_chart_has_its_place_and_both_themes(page):
    specs = json.loads(re.search(r'id="charts">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert tuple(specs["charts"]) == chart_names()
    places = {a["id"] for t, a in Page(page).tags if t == "div" and "id" in a}
    assert places == {f"chart-{name}" for name in specs["charts"]}
    assert specs["themes"]["light"] != specs["themes"]["dark"]


def test_phone_and_dark_mode_are_provided_for(page):
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media (max-width: 48rem)" in page


@pytest.mark.parametrize(
    "said",
    [
        "1.71-1.74x (95 %), against the dense scheme on the same 16x16 array",
        "at an assumed 200 MHz",
        "the model runs as loaded",
        "MaxPool",
        "adea0b92392c711d164c1d5af2ec95b094619343d6724e7297420468806a07ee",
        "p50 22,330, p95 23,085",
    ],
)
def test_the_page_says(page, said):
    assert said in page


def test_the_page_is_not_large(page):
    assert len(page) < 1_300_000


def test_names_cannot_break_the_page():
    result = sample()
    bad = "</script><img src=x onerror=alert(1)>"
    layers = (result.layers[0].model_copy(update={"name": bad}), *result.layers[1:])
    page = render(result.model_copy(update={"layers": layers}), "html")
    assert "<img" not in page.partition("<script>")[0]
    assert [tag for tag, _ in Page(page).tags if tag in ("img", "script")] == ["script"] * 3


def test_random_inputs_and_no_layers():
    loud = render(random_inputs(sample()), "html")
    assert '<p class="banner loud"><b>RANDOM INPUTS</b>inputs are random' in loud
    empty = render(without_layers(sample()), "html")
    assert 'id="chart-cycles"' not in empty and 'id="chart-speedup"' in empty


@pytest.mark.parametrize("which", chart_names())
def test_charts_become_images(which):
    image = png(sample(), which, dark=which == "cycles", scale=0.5)
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert "{" not in caption(sample(), which)


def test_many_layers_of_like_names_stay_apart():
    result = sample()
    long = "expanded_convolution_number_{}_of_the_whole_network/Conv"
    layers = tuple(
        result.layers[0].model_copy(update={"name": long.format(index)}) for index in range(3)
    )
    drawn = spec(result.model_copy(update={"layers": layers}), "density")
    assert drawn is not None
    (rows,) = drawn["datasets"].values()
    assert len({row["label"] for row in rows}) == 3
    assert max(len(row["label"]) for row in rows) <= 24


def test_an_unknown_chart_and_one_with_nothing_to_draw():
    with pytest.raises(SpecError) as error:
        png(sample(), "speed")
    assert str(error.value) == "unknown chart 'speed'; did you mean 'speedup'?"
    with pytest.raises(SpecError) as error:
        png(without_layers(sample()), "dram")
    assert str(error.value) == "chart 'dram' has nothing to draw in this result"


def test_long_names_are_short_in_tables_and_whole_where_a_pointer_rests():
    result = sample()
    names = [f"{'part/' * 50}{index}/{'end' * 10}" for index in range(len(result.layers))]
    layers = tuple(
        layer.model_copy(update={"name": name})
        for layer, name in zip(result.layers, names, strict=True)
    )
    # A layer of another folder, so that all names begin differently.
    other = layers[0].model_copy(update={"name": "other/" + "x" * 300})
    page = render(result.model_copy(update={"layers": (other, *layers)}), "html")
    for name in ("other/" + "x" * 300, *names):
        _, _, cell = page.partition(f'<td title="{name}">')
        shown = cell.partition("</td>")[0]
        assert 8 <= len(shown) <= 80 and "…" in shown
