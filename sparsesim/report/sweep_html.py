"""The HTML page of a sweep: trade-offs, what each parameter moves, and every point of the front."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from sparsesim.report.figures import count, plural
from sparsesim.report.page import number, page, section, table, tiles
from sparsesim.report.sweep import cut_lines, shown
from sparsesim.report.sweep_charts import (
    dots,
    front_chart,
    layer_bars,
    sensitivity_chart,
    titled,
)
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.spec import NO_THRESHOLDS, PLACES
from sparsesim.sweeps.store import Row

_LISTED = 200  # points of the front in the table
_TILES = 6


def sweep_html(result: SweepResult, details: Callable[[str], Mapping[str, Any]]) -> str:
    """The page of a sweep.

    Args:
        result: of the sweep.
        details: gives those of a point by its key, `Store.details`.
    """
    charts: dict[str, Any] = {}
    parts = [_header(result), _tiles(result)]
    if result.answers:
        charts["front"] = front_chart(result)
        parts.append(
            section(
                "Trade-offs",
                f"{plural(len(dots(result)), 'point')} over the objectives; larger ones are on the "
                "front: no other point is as good in all and better in one. Press one.",
                '<div class="chart" id="chart-front"></div>',
            )
        )
        charts["layers"] = layer_bars([])
        parts.append(_point_section())
        parts.append(_front(result))
        parts.append(_sensitivity(result, charts))
    parts += [_left_out(result), _failed(result), _made_from(result)]
    listed = [*result.front[:_LISTED]]
    data = {
        "points": {row.key: _told(row) for row in dots(result)},
        "layers": {row.key: list(details(row.key)["layers"]) for row in listed},
        "first": listed[0].key if listed else None,
        "varying": list(result.varying),
    }
    return page(
        f"{result.spec.name}: sweep", [part for part in parts if part], charts, data, "sweep.js"
    )


def _header(result: SweepResult) -> str:
    said = [f"{plural(len(result.measured), 'point')} measured exactly"]
    if result.missing:
        said.append(f"{count(result.missing)} not measured yet")
    if result.failed:
        said.append(f"{count(len(result.failed))} failed")
    lines = [", ".join(said)]
    for network in result.spec.named_networks():
        images = ", ".join(count(n) for n in network.images)
        maps = [name for name in network.maps() if name != NO_THRESHOLDS]
        thresholds = f"; thresholds {', '.join(maps)}" if maps else ""
        where = "random inputs" if network.inputs == "random" else _name(network.inputs)
        lines.append(f"{network.name} on {images} images of {where}{thresholds}")
    lines.append("devices: " + ", ".join(sorted({row.parameters["device"] for row in result.rows})))
    told = "".join(f'<p class="setting">{escape(line)}</p>' for line in lines)
    drawn = [n.name for n in result.spec.named_networks() if n.inputs == "random"]
    loud = "".join(
        f'<p class="banner loud"><b>RANDOM INPUTS</b>{escape(name)} ran on drawn images: its zeros '
        "are not a real network's</p>"
        for name in drawn
    )
    return f"<header><h1>{escape(result.spec.name)}</h1>{told}</header>{loud}"


def _tiles(result: SweepResult) -> str:
    """The best of each objective."""
    found = [("On the front", count(len(result.front)), f"of {count(len(result.answers))} answers")]
    for name in result.spec.objectives[:_TILES]:
        rows = [row for row in result.answers if row.metrics[name] is not None]
        if not rows:
            continue
        pick = min if METRICS[name].better == "less" else max
        best = pick(rows, key=lambda row: row.metrics[name])
        word = "Least" if METRICS[name].better == "less" else "Most"
        found.append(
            (f"{word} {titled(name)}", shown(name, best.metrics[name]), _setting(best, result))
        )
    return tiles(found)


def _setting(row: Row, result: SweepResult) -> str:
    return ", ".join(f"{name} {row.parameters[name]}" for name in result.varying)


def _point_section() -> str:
    return (
        '<section id="point"><h2>A point</h2><p class="caption" id="point-said"></p>'
        '<div class="pair"><div id="point-table"></div>'
        '<div class="chart" id="chart-layers"></div></div></section>'
    )


def _front(result: SweepResult) -> str:
    metrics = list(
        dict.fromkeys((*result.spec.objectives, "ms", "cycles", "speedup", "lut", "dsp", "bram36",
                       "energy_uj", "dram_bytes"))
    )  # fmt: skip
    head = "".join(f"<th>{escape(name)}</th>" for name in result.varying)
    head += "".join(f'<th class="number">{escape(titled(name))}</th>' for name in metrics)
    rows = []
    for row in result.front[:_LISTED]:
        cells = "".join(_cell(row.parameters[name]) for name in result.varying)
        cells += "".join(number(shown(n, row.metrics[n]), row.metrics[n]) for n in metrics)
        rows.append(f'<tr data-key="{row.key}" tabindex="0">{cells}</tr>')
    more = "" if len(result.front) <= _LISTED else f", the first {_LISTED}"
    tools = '<p><label>Filter <input type="search" id="filter" placeholder="two_sided"></label></p>'
    return section(
        "The front",
        f"{plural(len(result.front), 'point')}{more}. Press a heading to sort, a line to see it.",
        tools + table(f"<tr>{head}</tr>", rows, "layers points"),
    )


def _cell(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return f"<td>{escape(str(value))}</td>"
    return f'<td data-value="{value:.10g}">{value:g}</td>'


def _sensitivity(result: SweepResult, charts: dict[str, Any]) -> str:
    drawn = []
    for name in result.varying:
        if name == "clock_mhz" and result.spec.clock == "table":
            continue  # it follows from the others
        charts[f"sensitivity-{name}"] = sensitivity_chart(result, name)
        drawn.append(
            f'<div><h3>{escape(name)}</h3><div class="chart" id="chart-sensitivity-{name}"></div>'
            "</div>"
        )
    if not drawn:
        return ""
    metric = result.spec.objectives[0]
    return section(
        "What each parameter moves",
        f"{titled(metric)} over all other parameters: dot the best, tick the median, line to the "
        "worst.",
        f'<div class="grid">{"".join(drawn)}</div>',
    )


def _left_out(result: SweepResult) -> str:
    lines = list(cut_lines(result.combinations, result.cut))
    if not lines:
        return ""
    rows = [
        f"<tr>{number(count(n))}<td>{escape(what)}</td></tr>"
        for what, n in sorted(result.cut.items(), key=lambda item: -item[1])
    ]
    return section("Left out", lines[0].rstrip(":") + ".", table("", rows, "plain"))


def _failed(result: SweepResult) -> str:
    if not result.failed:
        return ""
    rows = [
        f"<tr><td>{escape(_setting(row, result))}</td><td>{escape(row.error)}</td></tr>"
        for row in result.failed[:_LISTED]
    ]
    return section("Failed", plural(len(result.failed), "point") + ".", table("", rows, "plain"))


def _made_from(result: SweepResult) -> str:
    """All that is needed to run it again."""
    spec = result.spec
    fixed = (
        {name: value for name, value in result.rows[0].parameters.items()} if result.rows else {}
    )
    pairs = [
        ("engine", f"{spec.engine}, seed {spec.seed}"),
        ("objectives", ", ".join(spec.objectives)),
        ("conditions", "; ".join(spec.conditions) or "none"),
        ("constraints", "; ".join(spec.constraints) or "none"),
        *((f"space.{name}", str(values)) for name, values in spec.space.items()),
        *(
            (name, str(value))
            for name, value in fixed.items()
            if name not in result.varying and name not in PLACES
        ),
        *(
            (
                f"network {n.name}",
                f"{_name(n.model)} on {_name(n.inputs)}, preprocess {n.preprocess}",
            )
            for n in spec.named_networks()
        ),
        ("sparsesim", f"{result.versions['sparsesim']}, code {result.versions['code'][:16]}"),
    ]
    rows = [f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in pairs]
    return section("Made from", "What runs it again.", table("", rows, "plain"))


def _told(row: Row) -> dict[str, Any]:
    return {
        "parameters": row.parameters,
        "metrics": {
            name: shown(name, row.metrics[name]) for name in METRICS if name in row.metrics
        },
    }


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
