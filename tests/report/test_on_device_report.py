"""What readers see of an accelerator on its device: the first line, shares, and nothing twice."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from report_samples import sample
from rich.console import Console

from sparsesim.report import render
from sparsesim.report.on_device import scarcest
from sparsesim.report.text import text
from sparsesim.result import Result
from sparsesim.result.model import OnDevice, Resources

SHORT = "does not fit lfe5u-85f: LUT 1067.6 %, FF 119.0 %, DSP 676.9 %, BRAM 165.4 %"


def unknown() -> Result:
    """As of a version that did not say it."""
    return sample().model_copy(update={"on_device": None})


def test_the_first_line_is_red_where_it_does_not_fit():
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(text(sample("lenet-ecp5")))
    assert capture.get().splitlines()[0] == f"\x1b[1;31m! {SHORT}\x1b[0m"
    assert capture.get().count("does not fit") == 1


def test_no_such_line_where_it_fits():
    for result in (sample(), unknown()):
        for kind in ("text", "html", "markdown"):
            assert "does not fit" not in render(result, kind).lower()


def test_html_begins_with_a_loud_banner():
    page = render(sample("lenet-ecp5"), "html")
    banner = f'<p class="banner loud"><b>DOES NOT FIT</b>{SHORT}</p>'
    assert page.count("DOES NOT FIT") == 1
    assert page.index(banner) < page.index("<header>")


def test_markdown_says_it_first():
    lines = [line for line in render(sample("lenet-ecp5"), "markdown").splitlines() if line]
    assert lines[1] == f"> **Warning: {SHORT}**"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (sample(), "LUT 46.6 %, FF 9.2 %, DSP 12.7 %, BRAM 14.0 % of xczu9eg"),
        (unknown(), "not known of xczu9eg"),
    ],
)
def test_every_report_has_the_shares(result, said):
    for kind in ("text", "html", "markdown"):
        assert said in render(result, kind)


def test_csv_has_them_as_numbers():
    row = next(csv.DictReader(StringIO(render(sample(), "csv"))))
    assert (row["device"], row["fits_device"]) == ("xczu9eg", "True")
    assert float(row["dsp_share_of_device"]) == 320 / 2520  # 256 PEs, 4 in each of 16 columns
    assert float(row["bram36_share_of_device"]) == 128 / 912
    old = next(csv.DictReader(StringIO(render(unknown(), "csv"))))
    assert (old["fits_device"], old["lut_share_of_device"]) == ("", "")


def test_the_scarcest_may_be_one_that_is_not_there():
    taken = Resources(lut=90, ff=1, dsp=2, bram36=0)
    there = Resources(lut=100, ff=100, dsp=0, bram36=0)
    shares = {"lut": 0.9, "ff": 0.01, "dsp": None, "bram36": None}
    found = OnDevice(
        family="xc7",
        used=taken,
        available=there,
        shares=shares,
        fits=False,
        reached_mhz=200,
        reached_source="",
    )
    assert scarcest(sample().model_copy(update={"on_device": found})) == ("DSP", "2 of 0")
    none = found.model_copy(update={"used": taken.model_copy(update={"dsp": 0.0})})
    assert scarcest(sample().model_copy(update={"on_device": none})) == ("LUT", "90.0 %")
    assert scarcest(unknown()) == ("resources", "not known")
