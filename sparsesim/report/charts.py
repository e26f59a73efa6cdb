"""Charts of a result as Vega-Lite, for the HTML page and as PNG; all cycles and bits are per image.

Not how they look on a light or dark page: that is theme.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

from sparsesim.errors import SpecError, nearest
from sparsesim.report import layer_charts
from sparsesim.report.facts import array, baseline, own_scheme, run_word, runs_word
from sparsesim.report.theme import colours, theme
from sparsesim.result.model import Result

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart
PNG_WIDTH = 760
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
    build: Callable[[Result], Drawn | None]


def chart_names() -> tuple[str, ...]:
    """Charts that `png` and the page know."""
    return tuple(CHARTS)


def caption(result: Result, which: str) -> str:
    """The caption of a chart, filled in."""
    return CHARTS[which].caption.format(
        scheme=own_scheme(result),
        baseline=baseline(result),
        run=run_word(result),
        runs=runs_word(result),
    )


def spec(result: Result, which: str) -> dict[str, Any] | None:
    """A chart as a Vega-Lite specification as wide as its container; None with nothing to draw.

    Raises:
        SpecError: unknown chart.
    """
    if which not in CHARTS:
        raise SpecError(f"unknown chart '{which}'; {nearest(which, CHARTS)}")
    chart = CHARTS[which].build(result)
    return None if chart is None else filling(chart)


def filling(chart: Drawn) -> dict[str, Any]:
    """A chart's Vega-Lite specification, as wide as its container."""
    made: dict[str, Any] = chart.properties(width="container").to_dict()
    del made["config"], made["$schema"]  # theme.py's config; an address that nothing shall fetch
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
    made = spec(result, which)
    if made is None:
        raise SpecError(f"chart '{which}' has nothing to draw in this result")
    return picture(made, "png", dark, scale)


def picture(made: dict[str, Any], kind: str, dark: bool = False, scale: float = 2.0) -> bytes:
    """A chart as the content of a file.

    Args:
        made: its Vega-Lite specification.
        kind: `png` or `svg`.
        dark: on a dark ground.
        scale: of a PNG: pixels for each of the chart's units.
    """
    import vl_convert  # lazy: only images need its engine here

    whole = made | {"width": PNG_WIDTH, "config": theme(dark)}
    if kind == "png":
        return vl_convert.vegalite_to_png(whole, vl_version=vega_lite_version(), scale=scale)
    return vl_convert.vegalite_to_svg(whole, vl_version=vega_lite_version()).encode()


def vega_lite_version() -> str:
    """The version that Altair's charts are written for: `6.4`."""
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _speedup(result: Result) -> Drawn | None:
    if result.baseline is None:
        return None
    rows: list[dict[str, Any]] = []
    for scheme in result.schemes:
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
    scheme_colours = {scheme.name: scheme.colour for scheme in result.accelerator.rules.schemes}
    base = alt.Chart(alt.InlineData(values=rows), height=34 * len(rows)).encode(
        y=alt.Y("scheme:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip("scheme:N"),
            alt.Tooltip("speedup:Q", format=".3f"),
            alt.Tooltip("low:Q", format=".3f", title="95 % from"),
            alt.Tooltip("high:Q", format=".3f", title="to"),
        ],
    )
    title = f"speedup over dense, same {array(result)} array"
    x = alt.X(
        "speedup:Q",
        title=title,
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=[0, 1.15 * max(row["high"] for row in rows)]),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height=20).encode(
        x=x,
        color=colours("scheme", scheme_colours, legend=False),
    )
    whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    words = base.mark_text(align="left", dx=8, fontWeight="bold").encode(
        x=alt.X("high:Q", title=title), text="label:N"
    )
    return alt.layer(bars, whiskers, words)


def _images(result: Result) -> Drawn | None:
    scheme = own_scheme(result)
    colour = result.accelerator.rules.scheme(scheme).colour
    per_run = zip(result.per_image.total[scheme], result.per_image.images, strict=True)
    rows = [{"cycles": total / size, "run": index} for index, (total, size) in enumerate(per_run)]
    if len(rows) < 2:
        return None
    statistics = result.images[scheme]
    marks = [{"cycles": statistics.p50, "is": "p50"}, {"cycles": statistics.p95, "is": "p95"}]
    title = "total cycles an image"
    if result.inputs.images_per_run > 1:
        title += f", by {run_word(result)}"
    axis = alt.Axis(format=",.0f", labelOverlap=True, tickCount=5)
    drawn = alt.Chart(alt.InlineData(values=rows))
    if len(rows) < FEW:
        bars = drawn.mark_tick(thickness=3, size=40, color=colour).encode(
            x=alt.X("cycles:Q", title=title, axis=axis, scale=alt.Scale(zero=False)),
            y=alt.value(50),
            tooltip=["run:O", alt.Tooltip("cycles:Q", format=",.0f")],
        )
    else:
        bars = drawn.mark_bar(color=colour, opacity=0.85).encode(
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


CHARTS = {
    "speedup": ChartKind(
        "Speedup",
        "Of total cycles, {baseline}; lines are 95 % bootstrap intervals over {runs}.",
        _speedup,
    ),
    "cycles": ChartKind(
        "Where cycles go",
        "Total cycles of each layer under {scheme}, by what the multipliers did, on average.",
        layer_charts.where,
    ),
    "sparsity": ChartKind(
        "Zeros",
        "Share of zeros in each layer's weights, input activations, and outputs behind the fused "
        "activation.",
        layer_charts.sparsity,
    ),
    "density": ChartKind(
        "What mean densities would have said",
        "Error of an estimate from each layer's mean densities alone, against the exact compute "
        "cycles under {scheme}. Below zero it promises too much.",
        layer_charts.density,
    ),
    "balance": ChartKind(
        "Computing against memory",
        "Each dot is a layer under {scheme}, larger with more total cycles. Below the dashed line "
        "DRAM takes longer than the work, and skipping more gains nothing.",
        layer_charts.balance,
    ),
    "dram": ChartKind(
        "DRAM traffic",
        "Bits that move over the DRAM port under {scheme}, by operand.",
        layer_charts.dram,
    ),
    "images": ChartKind(
        "From image to image",
        "Total cycles of every {run} under {scheme}.",
        _images,
    ),
}
"""By name, in the order of the page."""
