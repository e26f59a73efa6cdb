"""Charts of a sweep's parameters: what each moves, by scheme, and where cycles go as it changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import altair as alt
import numpy as np

from sparsesim.machines.machine import Machine
from sparsesim.report.charts import filling
from sparsesim.report.classes import classes
from sparsesim.report.palette import ACCENT
from sparsesim.report.sweep_axes import axis_scale, titled
from sparsesim.report.sweep_chart import Details, SweepChart
from sparsesim.report.sweep_machines import (
    by_scheme,
    machine_of,
    machines_of,
    scheme_colours,
    scheme_of,
)
from sparsesim.report.sweep_point_charts import lost
from sparsesim.report.sweep_points import Group, best_at, is_free, rising, spreads
from sparsesim.report.theme import colours

_WORDS = alt.Axis(labelAngle=0, labelLimit=90, labelFlush=False)


def parameter_charts(group: Group, details: Details) -> Iterator[SweepChart]:
    """What each parameter moves: all points, curves by scheme, and where the best's cycles go."""
    names = [
        name
        for name in group.result.varying
        if is_free(group.result, name) and group.answers.parameter(name).is_varied
    ]
    for name in names:
        yield _chart(group, "sensitivity", name, sensitivity_chart(group, name))
    machines = machines_of(group.answers)
    for name in dict.fromkeys(key for machine in machines for key in machine.curve_keys):
        if name in names:
            yield _chart(group, "curves", name, curve_chart(group, name))
    for name in names:
        yield _chart(group, "where", name, where_chart(group, name, details))


def _chart(group: Group, section: str, name: str, spec: dict[str, Any]) -> SweepChart:
    file = group.named(f"{section.removesuffix('s')}-{name}")
    return SweepChart(file, section, group.titled(name), spec)


def sensitivity_chart(group: Group, parameter: str) -> dict[str, Any]:
    """For each value of a parameter: the best, the median and the worst of the first objective."""
    metric = group.objective
    found = sorted(spreads(group.answers, parameter, metric), key=lambda one: rising(one.value))
    rows = [asdict(one) | {"value": str(one.value)} for one in found]
    spread = ("best", "median", "worst")
    base = alt.Chart(alt.InlineData(values=rows), height=170).encode(
        x=alt.X("value:N", sort=None, title=None, axis=_WORDS),
        tooltip=["value:N", *(alt.Tooltip(f"{n}:Q", format=",.4~g") for n in spread), "points:Q"],
    )
    title, scale = titled(metric), axis_scale(group.answers.metric(metric))
    rule = base.mark_rule(strokeWidth=2, opacity=0.35).encode(
        y=alt.Y("best:Q", title=title, scale=scale), y2="worst:Q"
    )
    median = base.mark_tick(thickness=2, size=16).encode(y=alt.Y("median:Q", title=title))
    dot = base.mark_circle(size=70, color=ACCENT, opacity=1).encode(y=alt.Y("best:Q", title=title))
    return filling(alt.layer(rule, median, dot))


def curve_chart(group: Group, parameter: str) -> dict[str, Any]:
    """The best of the first objective over a parameter, a line for each scheme."""
    metric = group.objective
    rows = []
    machines = machines_of(group.answers)
    for mine in by_scheme(group.answers):
        for value, row in best_at(mine, parameter, metric):
            scheme = scheme_of(row, machines)
            rows.append({"scheme": scheme, "value": value, "best": row.metrics[metric]})
    numbers = np.array([row["best"] for row in rows])
    known = scheme_colours(machines, (row["scheme"] for row in rows))
    drawn = (
        alt.Chart(alt.InlineData(values=rows), height=200)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("value:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("best:Q", title=titled(metric), scale=axis_scale(numbers)),
            color=colours("scheme", known, columns=2),
            tooltip=["scheme:N", "value:O", alt.Tooltip("best:Q", format=",.4~g")],
        )
    )
    return filling(drawn)


def where_chart(group: Group, parameter: str, details: Details) -> dict[str, Any]:
    """Where the cycles go of the best point at each value of a parameter."""
    rows = []
    for value, row in best_at(group.answers, parameter, group.objective):
        held = lost(details(row.key)["layers"], machine_of(row))
        for index, (word, cycles) in enumerate(held.items()):
            rows.append({"value": str(value), "class": word, "cycles": cycles, "order": index})
    return filling(_stacked(rows, machines_of(group.answers)))


def _stacked(rows: list[dict[str, Any]], machines: tuple[Machine, ...]) -> alt.Chart:
    found = {row["class"] for row in rows}
    drawn = {kind.words: kind.colour for kind in classes(*machines) if kind.words in found}
    return (
        alt.Chart(alt.InlineData(values=rows), height=200)
        .mark_bar()
        .encode(
            x=alt.X("value:N", sort=None, title=None, axis=_WORDS),
            y=alt.Y("cycles:Q", title="cycles an image", axis=alt.Axis(format="~s", tickCount=5)),
            color=colours("class", drawn, columns=2),
            order=alt.Order("order:Q"),
            tooltip=["value:N", "class:N", alt.Tooltip("cycles:Q", format=",.0f")],
        )
    )
