"""Charts of a sweep as Vega-Lite; each network has its own.

All milliseconds and cycles are an image's, those of a point under its own scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import numpy as np

from sparsesim.report.charts import filling
from sparsesim.report.palette import ACCENT, ALARM, GREY, INK, PALE
from sparsesim.report.sweep_axes import axis_scale, titled
from sparsesim.report.sweep_chart import Details, SweepChart
from sparsesim.report.sweep_machines import machines_of, scheme_colours, scheme_of
from sparsesim.report.sweep_parameter_charts import parameter_charts
from sparsesim.report.sweep_point_charts import layer_bars, roofline
from sparsesim.report.sweep_points import Group, groups
from sparsesim.report.theme import colours
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.store import Row
from sparsesim.sweeps.table import Rows

MOST_DOTS = 4000
MOST_LINES = 40
"""Points of the front in charts with a line for each."""


def sweep_charts(result: SweepResult, details: Details) -> Iterator[SweepChart]:
    """All charts of a sweep.

    Args:
        result: of the sweep.
        details: gives those of a point by its key.
    """
    for group in groups(result):
        yield from _tradeoffs(group)
        yield from _lines(group)
        yield from parameter_charts(group, details)
        yield from _formats(group)
    if result.front:
        row, machines = result.front[0], machines_of(result.answers)
        yield SweepChart("layers", "point", "", layer_bars(details(row.key), row, machines))
        yield SweepChart("roofline", "point", "", roofline(details(row.key), row, machines))


def dots(group: Group) -> Rows:
    """The points that are drawn: the front, and as many others as a browser bears."""
    others = group.answers.where(~np.isin(group.answers.places, group.front.places))
    step = max(1, -(-len(others) // MOST_DOTS))
    return Rows(others.table, np.concatenate([others[::step].places, group.front.places]))


def _tradeoffs(group: Group) -> Iterator[SweepChart]:
    """The first objective against each other one."""
    first, *others = group.result.spec.objectives
    others = others or ["ms" if first == "lut" else "lut"]
    for other in others:
        name = group.named("front" if other == others[0] else f"front-{other}")
        yield SweepChart(name, "tradeoffs", group.titled(""), front_chart(group, first, other))


def front_chart(group: Group, x: str, y: str) -> dict[str, Any]:
    """All points over two metrics, the front's joined by a line where there are only these two."""
    result = group.result
    drawn, machines = dots(group), machines_of(group.answers)
    on_front = frozenset(group.front.keys())
    names = dict.fromkeys((x, y, *result.spec.objectives))
    rows = [
        {"key": row.key, "scheme": scheme_of(row, machines), "front": row.key in on_front}
        | {name: row.parameters.get(name) for name in result.varying}
        | {name: row.metrics[name] for name in names}
        for row in drawn
    ]
    tooltip = [alt.Tooltip(f"{name}:N") for name in result.varying]
    tooltip += [alt.Tooltip(f"{name}:Q", format=",.4~g") for name in names]
    base = alt.Chart(alt.InlineData(values=rows), height=360 if len(names) < 3 else 300).encode(
        x=alt.X(f"{x}:Q", title=titled(x), scale=axis_scale(group.answers.metric(x))),
        y=alt.Y(
            f"{y}:Q",
            title=titled(y),
            scale=axis_scale(group.answers.metric(y)),
            axis=alt.Axis(grid=True),
        ),
    )
    marks = base.mark_circle(cursor="pointer").encode(
        color=colours("scheme", scheme_colours(machines, (str(row["scheme"]) for row in rows))),
        size=alt.condition("datum.front", alt.value(90), alt.value(30)),
        opacity=alt.condition("datum.front", alt.value(1), alt.value(0.35)),
        tooltip=tooltip,
    )
    # Which one is looked at: the page sets it, in all charts.
    chosen = alt.param("chosen", value="")
    ring = (
        base.transform_filter("datum.key == chosen")
        .mark_point(size=260, strokeWidth=2.5, color=ALARM)
        .add_params(chosen)
    )
    if len(names) > 2:  # a front of three is no line in two
        return filling(alt.layer(marks, ring))
    line = (
        base.transform_filter("datum.front")
        .mark_line(color=ACCENT, strokeWidth=1.5, interpolate="step-after", opacity=0.7)
        .encode(order=alt.Order(f"{x}:Q"))
    )
    return filling(alt.layer(line, marks, ring))


def _lines(group: Group) -> Iterator[SweepChart]:
    """A line for each point of the front: its speedups, and its images."""
    rows = list(group.front[:MOST_LINES])
    if any(row.metrics.get("iso_speedup") is not None for row in rows):
        yield SweepChart(group.named("speedups"), "speedups", group.titled(""), speedup_chart(rows))
    if any(row.metrics["worst_cycles"] != row.metrics["p50_cycles"] for row in rows):
        yield SweepChart(group.named("images"), "images", group.titled(""), image_chart(rows))


def speedup_chart(rows: Sequence[Row]) -> dict[str, Any]:
    """Over the same array without skipping, and over dense arrays of equal resources."""
    words = {"speedup": "dense, same array", "iso_speedup": "dense, equal resources"}
    values = [
        {"point": index, "over": word, "speedup": row.metrics[name], "key": row.key}
        for index, row in enumerate(rows, 1)
        for name, word in words.items()
        if row.metrics.get(name) is not None
    ]
    base = alt.Chart(alt.InlineData(values=values), height=18 * len(rows) + 20)
    dot = base.mark_point(filled=True, size=70, opacity=0.95, cursor="pointer").encode(
        y=alt.Y("point:O", title="# of the front", axis=alt.Axis(grid=True)),
        x=alt.X("speedup:Q", title="speedup", scale=alt.Scale(zero=True)),
        color=colours("over", dict(zip(words.values(), (GREY, ACCENT), strict=True))),
        tooltip=["point:O", "over:N", alt.Tooltip("speedup:Q", format=".2f")],
    )
    one = (
        alt.Chart(alt.InlineData(values=[{"speedup": 1}]))
        .mark_rule(strokeDash=[4, 4])
        .encode(x="speedup:Q")
    )
    return filling(alt.layer(one, dot))


def image_chart(rows: Sequence[Row]) -> dict[str, Any]:
    """From the median image to the slowest, the 95 % mark between them."""
    values = []
    for index, row in enumerate(rows, 1):
        per_ms = float(row.parameters["clock_mhz"]) * 1e3
        values.append(
            {"point": index, "key": row.key}
            | {name: row.metrics[f"{name}_cycles"] / per_ms for name in ("p50", "p95", "worst")}
        )
    base = alt.Chart(alt.InlineData(values=values), height=18 * len(rows) + 20).encode(
        y=alt.Y("point:O", title="# of the front", axis=alt.Axis(grid=True)),
        tooltip=[
            "point:O",
            *(alt.Tooltip(f"{n}:Q", format=",.4~g") for n in ("p50", "p95", "worst")),
        ],
    )
    title = "ms an image"
    scale = axis_scale(np.array([value[name] for value in values for name in ("p50", "worst")]))
    bar = base.mark_bar(height=7, opacity=0.45, color=ACCENT, cursor="pointer").encode(
        x=alt.X("p50:Q", title=title, scale=scale), x2="worst:Q"
    )
    median = base.mark_tick(thickness=3, size=13, color=ACCENT).encode(
        x=alt.X("p50:Q", title=title)
    )
    tail = base.mark_tick(thickness=2, size=13).encode(x=alt.X("p95:Q", title=title))
    return filling(alt.layer(bar, median, tail))


def _formats(group: Group) -> Iterator[SweepChart]:
    """Bits of each layer's operands in each format over dense ones."""
    facts = group.facts
    if facts is None:
        return
    for operand in ("weight", "activation"):
        rows = []
        for index, layer in enumerate(facts["layers"], 1):
            sizes = layer[operand]
            least = min(sizes.values())
            rows += [
                {
                    "layer": f"{index} {layer['name']}"[:28],
                    "format": name,
                    "over": bits / sizes["dense"] if sizes["dense"] else 1.0,
                    "best": bits == least,
                    "label": f"{bits / sizes['dense']:.2f}" if sizes["dense"] else "",
                }
                for name, bits in sizes.items()
            ]
        base = alt.Chart(alt.InlineData(values=rows), height=20 * len(facts["layers"]) + 10).encode(
            y=alt.Y("layer:N", sort=None, title=None),
            x=alt.X(
                "format:N",
                sort=None,
                title=None,
                axis=alt.Axis(orient="top", labelAngle=0, labelFlush=False),
            ),
        )
        cells = base.mark_rect().encode(
            color=alt.Color(
                "over:Q",
                legend=None,
                scale=alt.Scale(domain=[0, 1, 2], range=[ACCENT, PALE, ALARM], clamp=True),
            ),
            tooltip=[
                "layer:N",
                "format:N",
                alt.Tooltip("over:Q", format=".3f", title="bits / dense"),
            ],
        )
        words = base.mark_text(color=INK).encode(
            text="label:N",
            opacity=alt.condition("datum.best", alt.value(1), alt.value(0.6)),
        )
        chart = filling(alt.layer(cells, words))
        yield SweepChart(
            group.named(f"formats-{operand}"), "formats", group.titled(f"{operand}s"), chart
        )
