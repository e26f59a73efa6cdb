"""Charts of a sweep as Vega-Lite: its points and their front, and what each parameter moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from sparsesim.report.charts import filling
from sparsesim.report.theme import ACCENT, SCHEME_COLOURS, colours
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.store import Row

MOST_DOTS = 4000
_HEIGHT = 380


def titled(metric: str) -> str:
    """A metric with its unit: `ms`, `lut (LUT)`."""
    unit = METRICS[metric].unit
    return metric if not unit or unit == metric else f"{metric} ({unit})"


def dots(result: SweepResult) -> tuple[Row, ...]:
    """The points that are drawn: the front, and as many others as a browser bears."""
    others = result.answers.where(~np.isin(result.answers.places, result.front.places))
    step = max(1, -(-len(others) // MOST_DOTS))
    return (*others[::step], *result.front)


def front_chart(result: SweepResult) -> dict[str, Any]:
    """All points over the first two objectives, the front's joined by a line."""
    objectives = result.spec.objectives
    x, y = (*objectives, "lut")[:2] if len(objectives) == 1 else objectives[:2]
    rows = []
    for row in dots(result):
        values = {name: row.parameters[name] for name in result.varying}
        values |= {name: row.metrics[name] for name in dict.fromkeys((x, y, *objectives))}
        on_front = row.key in result.front_keys
        scheme = row.parameters["skipping"]
        rows.append({"key": row.key, "scheme": scheme, "front": on_front, **values})
    tooltip = [alt.Tooltip(f"{name}:N") for name in result.varying]
    tooltip += [alt.Tooltip(f"{name}:Q", format=",.4~g") for name in dict.fromkeys((x, y))]
    base = alt.Chart(alt.InlineData(values=rows), height=_HEIGHT).encode(
        x=alt.X(f"{x}:Q", title=titled(x), scale=_scale(result, x)),
        y=alt.Y(
            f"{y}:Q",
            title=titled(y),
            scale=_scale(result, y),
            axis=alt.Axis(grid=True),
        ),
    )
    line = (
        base.transform_filter("datum.front")
        .mark_line(color=ACCENT, strokeWidth=1.5, interpolate="step-after", opacity=0.7)
        .encode(order=alt.Order(f"{x}:Q"))
    )
    marks = base.mark_circle(cursor="pointer").encode(
        color=colours("scheme", SCHEME_COLOURS),
        size=alt.condition("datum.front", alt.value(90), alt.value(30)),
        opacity=alt.condition("datum.front", alt.value(1), alt.value(0.35)),
        tooltip=tooltip,
    )
    return filling(alt.layer(line, marks))


def sensitivity_chart(result: SweepResult, parameter: str) -> dict[str, Any]:
    """For each value of a parameter: the best, the median and the worst of the first objective."""
    metric = result.spec.objectives[0]
    by_value: dict[Any, list[float]] = defaultdict(list)
    for row in result.answers:
        if row.metrics[metric] is not None:
            by_value[row.parameters[parameter]].append(float(row.metrics[metric]))
    best, worst = (min, max) if METRICS[metric].better == "less" else (max, min)
    rows = [
        {
            "value": str(value),
            "best": best(found),
            "median": float(np.median(found)),
            "worst": worst(found),
            "points": len(found),
        }
        for value, found in sorted(by_value.items(), key=lambda item: _sortable(item[0]))
    ]
    scale = _scale(result, metric)
    base = alt.Chart(alt.InlineData(values=rows), height=170).encode(
        x=alt.X("value:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=90)),
        tooltip=["value:N", *(alt.Tooltip(f"{n}:Q", format=",.4~g") for n in _SPREAD), "points:Q"],
    )
    title = titled(metric)
    rule = base.mark_rule(strokeWidth=2, opacity=0.35).encode(
        y=alt.Y("best:Q", title=title, scale=scale), y2="worst:Q"
    )
    median = base.mark_tick(thickness=2, size=16).encode(y=alt.Y("median:Q", title=title))
    dot = base.mark_circle(size=70, color=ACCENT, opacity=1).encode(y=alt.Y("best:Q", title=title))
    return filling(alt.layer(rule, median, dot))


def layer_bars(layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A point's layers, under its scheme and dense; `values` are put in by the page."""
    base = alt.Chart(alt.InlineData(values=list(layers)), height=alt.Step(22)).encode(
        y=alt.Y("name:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip("name:N"),
            *(alt.Tooltip(f"{n}:Q", format=",.0f") for n in ("total", "compute", "memory", "none")),
            alt.Tooltip("bound:N"),
        ],
    )
    title = "total cycles an image; grey: dense, same array"
    dense = base.mark_bar(color=SCHEME_COLOURS["none"], opacity=0.3).encode(
        x=alt.X("none:Q", title=title, axis=alt.Axis(tickCount=5))
    )
    own = base.mark_bar(color=ACCENT, height=10).encode(x=alt.X("total:Q", title=title))
    return filling(alt.layer(dense, own))


_SPREAD = ("best", "median", "worst")


def _scale(result: SweepResult, metric: str) -> alt.Scale:
    """Logarithmic where the largest is over four times the smallest, and none is 0 or below.

    Its ends lie just beyond the values: whole decades would leave most of a chart empty.
    """
    found = [row.metrics[metric] for row in result.answers if row.metrics[metric] is not None]
    low, high = min(found, default=0.0), max(found, default=1.0)
    if low > 0 and high > 4 * low:
        return alt.Scale(type="log", domain=[low / 1.15, high * 1.15], nice=False)
    edge = 0.05 * (high - low) or 1.0
    return alt.Scale(domain=[low - edge, high + edge], nice=False, zero=False)


def _sortable(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value
