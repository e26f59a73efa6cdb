"""The HTML page of a sweep: trade-offs, every point of the front, and what each parameter moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from sparsesim.figures import count, plural
from sparsesim.report.facts import file_name
from sparsesim.report.page import number, page, section, table, tiles
from sparsesim.report.sweep import outcome, parameter_of, setting, shown
from sparsesim.report.sweep_axes import titled
from sparsesim.report.sweep_chart import Details, SweepChart
from sparsesim.report.sweep_charts import dots, sweep_charts
from sparsesim.report.sweep_coverage import coverage_line, coverage_of
from sparsesim.report.sweep_machines import dense_array, machines_of
from sparsesim.report.sweep_point_charts import point_data
from sparsesim.report.sweep_points import best, groups
from sparsesim.report.sweep_tables import (
    LISTED,
    Cell,
    Sheet,
    made_from,
    spec_toml,
    sweep_sheets,
)
from sparsesim.report.sweep_warnings import drawn_inputs, sweep_warnings
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.spec import NO_THRESHOLDS

_TILES = 6
_GRIDS = {"sensitivity": "grid", "curves": "grid", "where": "grid", "formats": "pair"}
_SECTIONS = (
    ("tradeoffs", "Trade-offs", "Points over two objectives. Press one to look at it."),
    ("point", "A point", ""),
    ("front", "", ""),
    ("all", "", ""),
    ("devices", "", ""),
    (
        "speedups",
        "What skipping gains",
        "Each point of the front over the same array without skipping, and over the fastest dense "
        "array in the same LUTs, DSPs and block RAM at its own clock.",
    ),
    ("images", "From image to image", "From the median image to the slowest; ticks: p50 and p95."),
    (
        "sensitivity",
        "What each parameter moves",
        "{objective} over all other parameters: dot the best, tick the median, line to the worst.",
    ),
    (
        "curves",
        "The array's parameters by scheme",
        "The best {objective} of each scheme over all other parameters.",
    ),
    (
        "where",
        "Where cycles go as parameters change",
        "Total cycles an image of the point with the best {objective} at each value, by what the "
        "multipliers did.",
    ),
    (
        "formats",
        "Which format for which layer",
        "Bits of each operand, whole, over dense ones: green is smaller. Formats are those of one "
        "block; the estimate prices each pass by itself.",
    ),
    ("left", "", ""),
    ("failed", "", ""),
)
"""Parts of the page in order; a table brings its own title."""


def sweep_html(result: SweepResult, details: Details) -> str:
    """The page of a sweep.

    Args:
        result: of the sweep.
        details: gives those of a point by its key, `Store.details`.
    """
    charts = list(sweep_charts(result, details))
    sheets = list(sweep_sheets(result))
    parts = [_header(result), _tiles(result)]
    for name, title, said in _SECTIONS:
        said = said.format(objective=titled(result.spec.objectives[0]))
        drawn = [chart for chart in charts if chart.section == name]
        if name == "point":
            parts.append(_point_section() if drawn else "")
        elif drawn:
            parts.append(section(title, said, _charts(drawn)))
        parts += [_sheet(sheet, result) for sheet in sheets if sheet.section == name]
    parts.append(_appendix(result))
    specs = {chart.name: chart.spec for chart in charts}
    return page(
        f"{result.spec.name}: sweep",
        [part for part in parts if part],
        specs,
        _data(result, details),
        "sweep.js",
    )


def _data(result: SweepResult, details: Details) -> dict[str, Any]:
    """What the page's script looks up: all drawn points, and the charts of those in a table."""
    drawn = [row for group in groups(result) for row in dots(group)]
    listed = [row for group in groups(result) for row in group.front[:LISTED]]
    machines = machines_of(result.answers) if drawn else ()
    names = list(METRICS)
    kept = {row.key: details(row.key) for row in listed}
    return {
        "varying": list(result.varying),
        "metrics": [titled(name) for name in names],
        "points": {
            row.key: [
                [parameter_of(row, name) for name in result.varying],
                [_metric(name, row.metrics) for name in names],
            ]
            for row in drawn
        },
        "charts": {row.key: point_data(kept[row.key], row, machines) for row in listed},
        "dense": {key: said for key, one in kept.items() if (said := _dense(one["iso"]))},
        "first": listed[0].key if listed else None,
    }


def _metric(name: str, metrics: dict[str, Any]) -> str:
    if name == "mac_coverage":
        return coverage_of(metrics)
    return shown(name, metrics.get(name))


def _dense(iso: dict[str, Any] | None) -> str:
    if iso is None:
        return ""
    rules, array = dense_array(iso)
    return (
        f"In its resources the fastest dense array has {rules.words(array)} at "
        f"{iso['clock_mhz']:.0f} MHz and takes {shown('ms', iso['ms'])} ms an image."
    )


def _header(result: SweepResult) -> str:
    lines = [outcome(result).replace("measured", "measured exactly", 1)]
    for network in result.spec.named_networks():
        known = {one.images for one in result.workloads if one.network == network.name}
        many = sorted(known or network.images or (1,))
        images = ", ".join([*map(count, many[:-1]), plural(many[-1], "image")])
        maps = [name for name in (*network.maps(), *network.searched()) if name != NO_THRESHOLDS]
        thresholds = f"; thresholds {', '.join(maps)}" if maps else ""
        where = "random inputs" if network.inputs == "random" else file_name(network.inputs)
        lines.append(f"{network.name} on {images} of {where}{thresholds}")
    if line := coverage_line(result):
        lines.append(line)
    devices = result.table.parameters.get("device")
    lines.append("devices: " + ", ".join(sorted(devices.values if devices else ())))
    told = "".join(f'<p class="setting">{escape(line)}</p>' for line in lines)
    banners = "".join(
        f'<p class="banner loud"><b>RANDOM INPUTS</b>{escape(f"{name} {said}", quote=False)}</p>'
        for name, said in drawn_inputs(result)
    )
    banners += "".join(
        f'<p class="banner">{escape(f"{name}: {said}")}</p>'
        for name, said in sweep_warnings(result)
    )
    return f"<header><h1>{escape(result.spec.name)}</h1>{told}</header>{banners}"


def _tiles(result: SweepResult) -> str:
    """The best of each objective, of the first network."""
    found = [("On the front", count(len(result.front)), f"of {count(len(result.answers))} answers")]
    for group in groups(result):
        for name in result.spec.objectives:
            row = best(group.answers, name)
            if row is not None and len(found) <= _TILES:
                word = "Least" if METRICS[name].better == "less" else "Most"
                title = f"{word} {titled(name)}" + ("" if group.alone else f", {group.network}")
                found.append((title, shown(name, row.metrics[name]), setting(row, result)))
    return tiles(found)


def _point_section() -> str:
    return (
        '<section id="point"><h2>A point</h2><p class="caption" id="point-said"></p>'
        '<div class="pair"><div id="point-table"></div><div>'
        '<h3>Layers</h3><div class="chart" id="chart-layers"></div>'
        '<h3>Roofline of its layers</h3><div class="chart" id="chart-roofline"></div>'
        '</div></div><p class="caption" id="point-take"></p></section>'
    )


def _charts(charts: Sequence[SweepChart]) -> str:
    """Charts below each other, small ones in a grid."""
    drawn = []
    for chart in charts:
        title = f"<h3>{escape(chart.title)}</h3>" if chart.title else ""
        drawn.append(f'<div>{title}<div class="chart" id="chart-{chart.name}"></div></div>')
    kind = _GRIDS.get(charts[0].section)
    inner = "".join(drawn)
    return f'<div class="{kind}">{inner}</div>' if kind else inner


def _sheet(sheet: Sheet, result: SweepResult) -> str:
    tools = ""
    if sheet.section == "front":
        example = machines_of(result.answers)[0].default_scheme
        tools = (
            '<p><label>Filter <input type="search" class="filter" '
            f'placeholder="{escape(example)}"></label></p>'
        )
    is_number = [
        any(row[i].value is not None for row in sheet.rows) for i in range(len(sheet.head))
    ]
    head = "".join(
        f'<th class="number">{escape(word)}</th>' if right else f"<th>{escape(word)}</th>"
        for word, right in zip(sheet.head, is_number, strict=True)
    )
    rows = []
    for index, row in enumerate(sheet.rows):
        attributes = f' data-key="{sheet.keys[index]}" tabindex="0"' if sheet.keys else ""
        rows.append(f"<tr{attributes}>{_cells(row)}</tr>")
    kind = "layers points" if sheet.keys else "layers" if sheet.head else "plain"
    return section(sheet.title, sheet.said, tools + table(f"<tr>{head}</tr>", rows, kind))


def _cells(row: Iterable[Cell]) -> str:
    return "".join(
        f"<td>{escape(cell.text)}</td>" if cell.value is None else number(cell.text, cell.value)
        for cell in row
    )


def _appendix(result: SweepResult) -> str:
    """All that is needed to run it again."""
    sheet = made_from(result)
    rows = [f"<tr>{_cells(row)}</tr>" for row in sheet.rows]
    file = f"<pre>{escape(spec_toml(result.spec))}</pre>"
    return section(sheet.title, sheet.said, table("", rows, "plain") + file)
