"""Charts of a result as Vega-Lite, for the HTML page and as PNG; all cycles and bits are per image.

Not how they look on a light or dark page: that is theme.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

from sparsesim.errors import SpecError, nearest
from sparsesim.report.classes import CLASSES, COLOUR_OF_BOUND
from sparsesim.report.facts import (
    baseline,
    class_cycles,
    images,
    labels,
    own_scheme,
    run_word,
    speedup,
)
from sparsesim.report.figures import clipped
from sparsesim.report.theme import ACCENT, ALARM, OPERAND_COLOURS, SCHEME_COLOURS, theme
from sparsesim.result.model import SCHEMES, LayerRecord, Result

Rows = list[dict[str, Any]]
PNG_WIDTH = 760
LABEL_WIDTH = 30
FEW = 20
"""Runs below which each is drawn by itself."""


@dataclass(frozen=True)
class ChartKind:
    """A chart.

    Attributes:
        title: a heading.
        caption: what to see in it; `{scheme}`, `{baseline}` and `{run}` are filled in.
        build: makes it; None where the result has nothing to draw.
    """

    title: str
    caption: str
    build: Callable[[Result], alt.Chart | alt.LayerChart | None]


def chart_names() -> tuple[str, ...]:
    """Charts that `png` and the page know."""
    return tuple(CHARTS)


def caption(result: Result, which: str) -> str:
    """The caption of a chart, filled in."""
    return CHARTS[which].caption.format(
        scheme=own_scheme(result), baseline=baseline(result), run=run_word(result)
    )


def spec(result: Result, which: str) -> dict[str, Any] | None:
    """A chart as a Vega-Lite specification as wide as its container; None with nothing to draw.

    Raises:
        SpecError: unknown chart.
    """
    if which not in CHARTS:
        raise SpecError(f"unknown chart '{which}'; {nearest(which, CHARTS)}")
    chart = CHARTS[which].build(result)
    if chart is None:
        return None
    made = chart.properties(
        width="container", autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    ).to_dict()
    del made["config"]  # theme.py's stands in its place
    return made


def png(result: Result, which: str, dark: bool = False, scale: float = 2.0) -> bytes:
    """A chart as a PNG image.

    Args:
        result: of an estimate.
        which: one of `chart_names()`.
        dark: on a dark ground.
        scale: pixels for each of the chart's units.
    Raises:
        SpecError: unknown chart, or the result has nothing to draw in it.
    """
    import vl_convert  # lazy: only images need its engine here

    made = spec(result, which)
    if made is None:
        raise SpecError(f"chart '{which}' has nothing to draw in this result")
    return vl_convert.vegalite_to_png(
        made | {"width": PNG_WIDTH, "config": theme(dark)},
        vl_version=".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2]),
        scale=scale,
    )


def _speedup(result: Result) -> alt.LayerChart:
    rows = []
    for scheme in SCHEMES:
        interval = result.speedup_interval[scheme]
        rows.append(
            {
                "scheme": scheme,
                "speedup": result.speedup[scheme],
                "low": interval.low if interval else result.speedup[scheme],
                "high": interval.high if interval else result.speedup[scheme],
                "label": f"{result.speedup[scheme]:.2f}x",
            }
        )
    base = alt.Chart(alt.InlineData(values=rows), height=alt.Step(34)).encode(
        y=alt.Y("scheme:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip("scheme:N"),
            alt.Tooltip("speedup:Q", format=".3f"),
            alt.Tooltip("low:Q", format=".3f", title="95 % from"),
            alt.Tooltip("high:Q", format=".3f", title="to"),
        ],
    )
    title = f"speedup {baseline(result)}"
    x = alt.X(
        "speedup:Q",
        title=title,
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=[0, 1.15 * max(row["high"] for row in rows)]),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height=20).encode(
        x=x,
        color=_colours("scheme", SCHEME_COLOURS, legend=False),
    )
    whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    words = base.mark_text(align="left", dx=8, fontWeight="bold").encode(
        x=alt.X("high:Q", title=title), text="label:N"
    )
    return alt.layer(bars, whiskers, words)


def _where(result: Result) -> alt.Chart | None:
    scheme, n = own_scheme(result), images(result)
    rows: Rows = []
    for layer, label in _labelled(result):
        cycles = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])
        for index, kind in enumerate(CLASSES):
            if cycles[kind.key]:
                rows.append(
                    {
                        "layer": label,
                        "cycles": cycles[kind.key] / n,
                        "class": kind.words,
                        "order": index,
                    }
                )
    found = {row["class"] for row in rows}
    colours = {kind.words: kind.colour for kind in CLASSES if kind.words in found}
    return _stacked(rows, "cycles", "class", colours, "total cycles an image", ",.0f")


def _sparsity(result: Result) -> alt.Chart | None:
    rows: Rows = []
    for layer, label in _labelled(result):
        for operand, share in (
            ("weights", layer.weight_sparsity),
            ("activations", layer.activation_sparsity),
            ("outputs", layer.output_sparsity),
        ):
            rows.append({"layer": label, "operand": operand, "zeros": share})
    if not rows:
        return None
    return (
        alt.Chart(alt.InlineData(values=rows), height=_step(result))
        .mark_point(filled=True, size=64, opacity=0.9)
        .encode(
            y=_layer_axis().axis(grid=True),
            x=alt.X(
                "zeros:Q",
                title="zeros / elements",
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=_colours("operand", OPERAND_COLOURS),
            shape=alt.Shape(
                "operand:N",
                scale=alt.Scale(
                    domain=list(OPERAND_COLOURS), range=["circle", "square", "diamond"]
                ),
            ),
            tooltip=["layer:N", "operand:N", alt.Tooltip("zeros:Q", format=".1%")],
        )
    )


def _density(result: Result) -> alt.Chart | None:
    scheme = own_scheme(result)
    rows = [
        {
            "layer": label,
            "error": layer.schemes[scheme].density.error,
            "exact": layer.cycles[scheme].compute / images(result),
            "estimate": layer.schemes[scheme].density.compute / images(result),
        }
        for layer, label in _labelled(result)
    ]
    if not rows:
        return None
    return (
        alt.Chart(alt.InlineData(values=rows), height=_step(result))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=_layer_axis(),
            x=alt.X(
                "error:Q",
                title="(estimate - exact) / exact compute cycles",
                axis=alt.Axis(format="+.0%", tickCount=5),
            ),
            color=alt.when("datum.error < 0").then(alt.value(ALARM)).otherwise(alt.value(ACCENT)),
            tooltip=[
                "layer:N",
                alt.Tooltip("error:Q", format="+.1%"),
                alt.Tooltip("exact:Q", format=",.0f", title="exact cycles"),
                alt.Tooltip("estimate:Q", format=",.0f", title="estimated cycles"),
            ],
        )
    )


def _dram(result: Result) -> alt.Chart | None:
    scheme, n = own_scheme(result), images(result)
    rows: Rows = []
    for layer, label in _labelled(result):
        for index, operand in enumerate(("activation", "weight", "output")):
            bits = getattr(layer.schemes[scheme].dram_bits, operand) / n
            rows.append(
                {"layer": label, "megabits": bits / 1e6, "operand": operand + "s", "order": index}
            )
    return _stacked(rows, "megabits", "operand", OPERAND_COLOURS, "Mbit an image", ",.3f")


def _balance(result: Result) -> alt.LayerChart | None:
    scheme, n = own_scheme(result), images(result)
    rows = [
        {
            "layer": label,
            "compute": max(layer.cycles[scheme].compute / n, 1),
            "memory": max(layer.cycles[scheme].memory / n, 1),
            "total": layer.cycles[scheme].total / n,
            "speedup": speedup(layer.cycles, scheme),
            "bound": layer.schemes[scheme].bound,
        }
        for layer, label in _labelled(result)
    ]
    if not rows:
        return None
    every = [row[key] for row in rows for key in ("compute", "memory")]
    line = [{"memory": edge, "compute": edge} for edge in (min(every), max(every))]
    x = alt.X("memory:Q", title="memory cycles an image (log)", scale=alt.Scale(type="log"))
    y = alt.Y("compute:Q", title="compute cycles (log)", scale=alt.Scale(type="log"))
    x, y = (axis.axis(format="~s", tickCount=5, grid=True) for axis in (x, y))
    found = {row["bound"] for row in rows}
    colours = {word: colour for word, colour in COLOUR_OF_BOUND.items() if word in found}
    points = (
        alt.Chart(alt.InlineData(values=rows), height=320)
        .mark_point(filled=True, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=_colours("bound", colours),
            size=alt.Size("total:Q", scale=alt.Scale(range=[40, 500]), legend=None),
            tooltip=[
                "layer:N",
                "bound:N",
                *(alt.Tooltip(f"{key}:Q", format=",.0f") for key in ("compute", "memory", "total")),
                alt.Tooltip("speedup:Q", format=".2f"),
            ],
        )
    )
    equal = (
        alt.Chart(alt.InlineData(values=line))
        .mark_line(strokeDash=[4, 4], strokeWidth=1, color="#8b95a5")
        .encode(x=x, y=y)
    )
    return alt.layer(equal, points)


def _images(result: Result) -> alt.LayerChart | None:
    scheme = own_scheme(result)
    per_run = zip(result.per_image.total[scheme], result.per_image.images, strict=True)
    rows = [{"cycles": total / size, "run": index} for index, (total, size) in enumerate(per_run)]
    if len(rows) < 2:
        return None
    statistics = result.images[scheme]
    marks = [{"cycles": statistics.p50, "is": "p50"}, {"cycles": statistics.p95, "is": "p95"}]
    title = f"total cycles by {run_word(result)}"
    axis = alt.Axis(format=",.0f", labelOverlap=True, tickCount=5)
    drawn = alt.Chart(alt.InlineData(values=rows))
    if len(rows) < FEW:
        bars = drawn.mark_tick(thickness=3, size=40, color=SCHEME_COLOURS[scheme]).encode(
            x=alt.X("cycles:Q", title=title, axis=axis, scale=alt.Scale(zero=False)),
            y=alt.value(50),
            tooltip=["run:O", alt.Tooltip("cycles:Q", format=",.0f")],
        )
    else:
        bars = drawn.mark_bar(color=SCHEME_COLOURS[scheme], opacity=0.85).encode(
            x=alt.X("cycles:Q", bin=alt.Bin(maxbins=24), title=title, axis=axis),
            y=alt.Y(
                "count():Q", title=f"{run_word(result)}s", axis=alt.Axis(tickMinStep=1, grid=True)
            ),
            tooltip=[
                alt.Tooltip("cycles:Q", bin=alt.Bin(maxbins=24), format=",.0f"),
                alt.Tooltip("count():Q", title=f"{run_word(result)}s"),
            ],
        )
    base = alt.Chart(alt.InlineData(values=marks)).encode(x=alt.X("cycles:Q", title=title))
    rules = base.mark_rule(strokeDash=[4, 4])
    words = base.mark_text(align="left", dx=4, baseline="top").encode(y=alt.value(0), text="is:N")
    return alt.layer(bars, rules, words).properties(height=80 if len(rows) < FEW else 200)


def _stacked(
    rows: Rows, number: str, part: str, colours: dict[str, str], title: str, form: str
) -> alt.Chart | None:
    """A bar a layer, cut into parts."""
    if not rows:
        return None
    layers = len({row["layer"] for row in rows})
    return (
        alt.Chart(alt.InlineData(values=rows), height=alt.Step(_step_of(layers)))
        .mark_bar()
        .encode(
            y=_layer_axis(),
            x=alt.X(f"{number}:Q", title=title, axis=alt.Axis(format="~s", tickCount=6)),
            color=_colours(part, colours),
            order=alt.Order("order:Q"),
            tooltip=["layer:N", f"{part}:N", alt.Tooltip(f"{number}:Q", format=form)],
        )
    )


def _colours(field: str, colours: dict[str, str], legend: bool = True) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    if not legend:
        return alt.Color(f"{field}:N", scale=scale, legend=None)
    return alt.Color(f"{field}:N", scale=scale, title=None)


def _layer_axis() -> alt.Y:
    return alt.Y("layer:N", sort=None, title=None)


def _labelled(result: Result) -> list[tuple[LayerRecord, str]]:
    """Layers with labels short enough for an axis, and each only once (a chart joins equal ones)."""
    names = labels(result.layers)
    short = [clipped(names[layer.name], LABEL_WIDTH) for layer in result.layers]
    return [
        (layer, label if short.count(label) == 1 else f"{clipped(label, LABEL_WIDTH - 4)} {index}")
        for index, (layer, label) in enumerate(zip(result.layers, short, strict=True))
    ]


def _step(result: Result) -> alt.Step:
    return alt.Step(_step_of(len(result.layers)))


def _step_of(layers: int) -> int:
    """Height of a layer in pixels."""
    return 26 if layers <= 12 else 20 if layers <= 40 else 16


CHARTS = {
    "speedup": ChartKind(
        "Speedup",
        "Of total cycles, {baseline}; lines are 95 % bootstrap intervals over images.",
        _speedup,
    ),
    "cycles": ChartKind(
        "Where cycles go",
        "Total cycles of each layer under {scheme}, by what the array's lanes did, on average.",
        _where,
    ),
    "sparsity": ChartKind(
        "Zeros",
        "Share of zeros in each layer's weights, input activations, and outputs behind the fused "
        "activation.",
        _sparsity,
    ),
    "density": ChartKind(
        "What mean densities would have said",
        "Error of an estimate from each layer's mean densities alone, against the exact compute "
        "cycles under {scheme}. Below zero it promises too much.",
        _density,
    ),
    "balance": ChartKind(
        "Computing against memory",
        "Each dot is a layer under {scheme}, larger with more total cycles. Below the dashed line "
        "DRAM takes longer than the work, and skipping more gains nothing.",
        _balance,
    ),
    "dram": ChartKind(
        "DRAM traffic", "Bits that move over the DRAM port under {scheme}, by operand.", _dram
    ),
    "images": ChartKind(
        "From image to image",
        "Total cycles of every {run} under {scheme}.",
        _images,
    ),
}
"""By name, in the order of the page."""
