"""Charts and tables of a sweep hold its numbers, those of each network by itself."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.report.console import plain
from sparsesim.report.sweep import sweep_text
from sparsesim.report.sweep_charts import sweep_charts
from sparsesim.report.sweep_images import sweep_images
from sparsesim.report.sweep_machines import machines_of
from sparsesim.report.sweep_markdown import sweep_markdown
from sparsesim.report.sweep_point_charts import point_data
from sparsesim.report.sweep_tables import accelerator_toml, spec_toml, sweep_sheets
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import load_sweep_result, open_details
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

ROOT = Path(__file__).resolve().parents[2] / "models_onnx"
DIGITS = str(ROOT / "mnist_test_300.npz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two networks on two devices, three objectives."""
    folder = tmp_path_factory.mktemp("sweep") / "out"
    networks = [
        {"model": str(ROOT / "lenet.onnx"), "inputs": DIGITS, "images": 4},
        {"name": "other", "model": str(ROOT / "paper" / "lenet-l1.onnx"), "inputs": DIGITS},
    ]
    spec = SweepSpec(
        name="two",
        networks=networks,
        devices=["xc7z020", "xczu9eg"],
        space={"rows": [4, 8], "skipping": ["none", "two_sided"], "queue_depth": [1, 2], "cols": 4},
        objectives=["ms", "lut", "speedup"],
        constraints=["ms < 100"],
    )
    sweep_into(spec, folder)
    return folder


@pytest.fixture(scope="module")
def result(folder):
    return load_sweep_result(folder)


@pytest.fixture(scope="module")
def charts(folder, result):
    with open_details(folder) as details:
        return {chart.name: chart.spec for chart in sweep_charts(result, details)}


def values_of(chart) -> list[dict]:
    """Of its largest dataset."""
    return max(chart["datasets"].values(), key=len)


def of(result, network):
    return [row for row in result.answers if row.parameters["network"] == network]


def test_each_network_has_its_charts(charts, result):
    names = {
        *("front", "front-speedup", "speedups", "sensitivity-rows", "sensitivity-device"),
        *("curve-rows", "curve-queue_depth", "where-skipping", "formats-weight"),
    }
    assert {f"{network}-{name}" for network in ("lenet", "other") for name in names} <= set(charts)
    assert "lenet-images" in charts and "other-images" not in charts  # it has one image
    for network in ("lenet", "other"):
        drawn = values_of(charts[f"{network}-front"])
        rows = of(result, network)
        assert sorted(value["ms"] for value in drawn) == sorted(r.metrics["ms"] for r in rows)
        on_front = {value["key"] for value in drawn if value["front"]}
        assert on_front == {row.key for row in result.front} & {row.key for row in rows}


def test_what_a_parameter_moves(charts, result):
    for network in ("lenet", "other"):
        spread = values_of(charts[f"{network}-sensitivity-rows"])
        assert [value["value"] for value in spread] == ["4", "8"]
        for value in spread:
            mine = [
                row.metrics["ms"]
                for row in of(result, network)
                if str(row.parameters["rows"]) == value["value"]
            ]
            assert value["median"] == np.median(mine)
            assert (value["best"], value["worst"]) == (min(mine), max(mine))
            assert value["points"] == len(mine)
    for point in values_of(charts["lenet-curve-queue_depth"]):
        mine = [
            row.metrics["ms"]
            for row in of(result, "lenet")
            if row.parameters["queue_depth"] == point["value"]
            and row.parameters["skipping"] == point["scheme"]
        ]
        assert point["best"] == min(mine)


def test_where_cycles_go_sums_to_all_cycles(charts, result):
    sums: Counter[str] = Counter()
    for part in values_of(charts["lenet-where-queue_depth"]):
        sums[part["value"]] += part["cycles"]
    for value, cycles in sums.items():
        rows = [r for r in of(result, "lenet") if str(r.parameters["queue_depth"]) == value]
        best = min(rows, key=lambda row: row.metrics["ms"])
        assert cycles == pytest.approx(best.metrics["cycles"])


def test_speedups_and_images(charts, result):
    front = [row for row in result.front if row.parameters["network"] == "lenet"]
    for value in values_of(charts["lenet-speedups"]):
        row = front[value["point"] - 1]
        name = "iso_speedup" if "equal" in value["over"] else "speedup"
        assert value["speedup"] == row.metrics[name]
    for value in values_of(charts["lenet-images"]):
        row = front[value["point"] - 1]
        assert value["worst"] == pytest.approx(row.metrics["worst_ms"])
        assert value["p50"] <= value["p95"] <= value["worst"]


def test_a_point_lies_under_its_roofs(folder, result):
    with open_details(folder) as details:
        for row in result.measured:
            data = point_data(details(row.key), row, machines_of(result.rows))
            peak = row.parameters["rows"] * row.parameters["cols"] * row.parameters["lanes"]
            slope = details(row.key)["dram_bits_per_cycle"] / 8
            assert [corner["y"] for corner in data["roof"][1:]] == [peak, peak]
            for layer in data["layers"]:
                assert layer["y"] <= min(peak, layer["x"] * slope) * 1.0001
            total = sum(part["cycles"] for part in data["parts"])
            assert total == pytest.approx(row.metrics["cycles"], rel=1e-4)


def test_formats_are_those_of_the_trace(charts, result):
    facts = next(f for w, f in result.workloads.items() if w.network == "other")
    cells = values_of(charts["other-formats-weight"])
    assert len(cells) == len(facts["layers"]) * len(facts["layers"][0]["weight"])
    best = [cell["format"] for cell in cells if cell["best"]]
    sizes = [layer["weight"] for layer in facts["layers"]]
    assert best == [name for size in sizes for name in size if size[name] == min(size.values())]


def test_tables_name_the_best_point_of_a_device(result):
    sheets = [sheet for sheet in sweep_sheets(result) if sheet.section == "devices"]
    assert len(sheets) == 2
    for sheet, network in zip(sheets, ("lenet", "other"), strict=True):
        keys = iter(sheet.keys)
        for device in ("xc7z020", "xczu9eg"):
            mine = [r for r in of(result, network) if r.parameters["device"] == device]
            for name, pick in (("ms", min), ("lut", min), ("speedup", max)):
                key = next(keys)
                row = next(r for r in mine if r.key == key)
                assert row.metrics[name] == pick(r.metrics[name] for r in mine)


def test_one_array_for_both_networks(result):
    (sheet,) = (sheet for sheet in sweep_sheets(result) if sheet.section == "all")
    assert sheet.head[:4] == ("mean ms", "lut", "lenet", "other")
    for row in sheet.rows:
        mean, _, one, other = (cell.value for cell in row[:4])
        assert mean == pytest.approx(math.sqrt(one * other))
    best = next(row for row in result.measured if row.key == sheet.keys[0])
    text = plain(sweep_text(result))
    assert "For all 2 networks, by geometric mean, " in text
    assert f"rows {best.parameters['rows']}" in text


def test_markdown_has_every_table(result):
    text = sweep_markdown(result)
    for line in text.splitlines():
        assert not line.startswith("|") or line.endswith("|")
    for heading in ("The front: lenet", "The best point a device: other", "Made from"):
        assert f"## {heading}" in text
    assert f"| 1 | {result.front[0].metrics['ms']:.3f} |" in text


def test_the_file_of_the_appendix_is_the_sweep(result, tmp_path):
    text = spec_toml(result.spec)
    assert SweepSpec(**tomllib.loads(text)) == result.spec
    assert spec_toml(SweepSpec(**tomllib.loads(text))) == text
    row = result.front[0]
    path = tmp_path / "a.toml"
    path.write_text(accelerator_toml(row, "out"))
    assert ss.Accelerator.from_toml(path).sha256() == Point.of(row.parameters).accelerator.sha256()


@pytest.mark.parametrize(("kind", "starts"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_images_of_all_charts(kind, starts, folder, result, charts):
    with open_details(folder) as details:
        found = dict(sweep_images(result, details, kind))
    assert set(found) == {f"{name}.{kind}" for name in charts}
    assert all(content.startswith(starts) for content in found.values())


def test_nothing_in_a_chart_is_no_number(charts):
    for chart in charts.values():
        for values in chart["datasets"].values():
            for value in values:
                assert all(math.isfinite(v) for v in value.values() if isinstance(v, float))
