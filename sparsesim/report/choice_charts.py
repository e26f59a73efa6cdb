"""Charts of a choice as Vega-Lite: a bar, or a column, for the best of each machine and scheme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt

from sparsesim.choice.record import Choice, Chosen
from sparsesim.report.charts import Drawn, filling
from sparsesim.report.classes import classes, colour_groups
from sparsesim.report.naming import fitted
from sparsesim.report.palette import ACCENT, GREY, OPERANDS
from sparsesim.report.theme import colours

LABEL_WIDTH = 26
LAYERS_LABEL, LAYERS_STEP = 170, 48
"""Pixels that the names of layers and a column of their milliseconds ask for."""
LABELLED = 1.22
"""How much longer than the longest bar an axis is, so that its label fits on a telephone, too."""
_FIGURES = {"same device": ACCENT, "equal FPGA": GREY}
_RESOURCES = {"lut": "LUT", "dsp": "DSP", "bram36": "BRAM"}
_RESOURCE_COLOURS = dict(zip(_RESOURCES.values(), OPERANDS.values(), strict=True))


def label(one: Chosen) -> str:
    """`stream weight`."""
    return f"{one.accelerator.rules.name} {one.scheme}"


def choice_charts(choice: Choice) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and specifications, as wide as what holds them."""
    drawn = {
        "speedups": _speedups(choice),
        "shares": _shares(choice),
        "where": _where(choice),
        "layers": _layers(choice),
    }
    for name, chart in drawn.items():
        if chart is not None:
            yield name, filling(chart)


def _speedups(choice: Choice) -> Drawn | None:
    """Two bars each: over the best dense one of the device, and at equal FPGA."""
    rows: list[dict[str, Any]] = []
    for one in choice.chosen:
        for figure, value in zip(_FIGURES, (one.same_device, one.equal_fpga), strict=True):
            if value is not None:
                said = {"accelerator": label(one), "figure": figure, "speedup": value}
                rows.append(said | {"label": f"{value:.2f}x"})
    if not rows:
        return None
    most = max(row["speedup"] for row in rows)
    base = alt.Chart(alt.InlineData(values=rows), height=46 * len(choice.chosen)).encode(
        y=alt.Y("accelerator:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.25)),
        yOffset=alt.YOffset("figure:N", sort=list(_FIGURES)),
        tooltip=["accelerator:N", "figure:N", alt.Tooltip("speedup:Q", format=".3f")],
    )
    title = "speed over a dense accelerator"
    x = alt.X(
        "speedup:Q",
        title=title,
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=[0, LABELLED * most], nice=False),
    )
    bars = base.mark_bar(cornerRadiusEnd=3).encode(x=x, color=colours("figure", _FIGURES))
    words = base.mark_text(align="left", dx=6).encode(x=x, text="label:N")
    even = (
        alt.Chart(alt.InlineData(values=[{"even": 1.0}]))
        .mark_rule(strokeDash=[4, 4])
        .encode(x=alt.X("even:Q", title=title))
    )
    return alt.layer(bars, even, words)


def _shares(choice: Choice) -> Drawn:
    """What each takes of the device, and the most that it may."""
    rows = [
        {"accelerator": label(one), "resource": word, "share": one.shares[key]}
        for one in choice.chosen
        for key, word in _RESOURCES.items()
        if one.shares[key] is not None
    ]
    bars = (
        alt.Chart(alt.InlineData(values=rows), height=46 * len(choice.chosen))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("accelerator:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.25)),
            yOffset=alt.YOffset("resource:N", sort=list(_RESOURCE_COLOURS)),
            x=alt.X(
                "share:Q",
                title="of the device",
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=colours("resource", _RESOURCE_COLOURS),
            tooltip=["accelerator:N", "resource:N", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    most = alt.Chart(alt.InlineData(values=[{"most": choice.within}]))
    return alt.layer(bars, most.mark_rule(strokeDash=[4, 4]).encode(x="most:Q"))


def _where(choice: Choice) -> Drawn:
    """Milliseconds an image, by what the multipliers did; the legend has each colour once."""
    machines = tuple({one.machine: one.accelerator.rules for one in choice.chosen}.values())
    order = {kind.words: index for index, kind in enumerate(classes(*machines))}
    kept = {
        kind
        for one in choice.chosen
        for kind in classes(one.accelerator.rules)
        if one.classes.get(kind.key, 0.0) > 0
    }
    groups = colour_groups(sorted(kept, key=lambda kind: order[kind.words]))
    rows = [
        {
            "accelerator": label(one),
            "ms": one.classes[kind.key] / (one.accelerator.clock_mhz * 1e3),
            "class": kind.words,
            "kind": groups[kind.colour],
            "order": order[kind.words],
        }
        for one in choice.chosen
        for kind in classes(one.accelerator.rules)
        if kind in kept and one.classes.get(kind.key, 0.0) > 0
    ]
    return (
        alt.Chart(alt.InlineData(values=rows), height=30 * len(choice.chosen))
        .mark_bar()
        .encode(
            y=alt.Y("accelerator:N", sort=None, title=None),
            x=alt.X("ms:Q", title="ms an image", axis=alt.Axis(tickCount=6)),
            color=colours("kind", {words: colour for colour, words in groups.items()}),
            order=alt.Order("order:Q"),
            tooltip=["accelerator:N", "class:N", alt.Tooltip("ms:Q", format=",.4f")],
        )
    )


def _layers(choice: Choice) -> Drawn | None:
    """How much longer each layer takes than on the machine that is the fastest there."""
    names = [layer.name for layer in choice.best.layers]
    if not names:
        return None
    labels = fitted(names, LABEL_WIDTH)
    ms = {
        label(one): [layer.cycles / (one.accelerator.clock_mhz * 1e3) for layer in one.layers]
        for one in choice.chosen
    }
    rows = [
        {
            "accelerator": who,
            "layer": labels[name],
            "ms": own[at],
            "times": own[at] / (min(each[at] for each in ms.values()) or 1),
            "label": f"{own[at]:.3g}",
            "bound": one.layers[at].bound,
        }
        for one, (who, own) in zip(choice.chosen, ms.items(), strict=True)
        for at, name in enumerate(names)
        if own[at]
    ]
    base = alt.Chart(alt.InlineData(values=rows), height=20 * len(names)).encode(
        y=alt.Y("layer:N", sort=None, title=None),
        x=alt.X(
            "accelerator:N", sort=None, title=None, axis=alt.Axis(orient="top", labelAngle=-25)
        ),
        tooltip=[
            *("layer:N", "accelerator:N", "bound:N"),
            alt.Tooltip("ms:Q", format=",.4f"),
            alt.Tooltip("times:Q", format=".2f", title="times the fastest"),
        ],
    )
    boxes = base.mark_rect().encode(
        color=alt.Color(
            "times:Q",
            scale=alt.Scale(domain=[1, 3], range=["#7cc49a", "#f3e9c9"], clamp=True),
            legend=None,
        )
    )
    words = base.mark_text(fontSize=10, color="#1c2128").encode(text="label:N")
    return alt.layer(boxes, words)
