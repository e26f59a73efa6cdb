"""Charts with a bar or a dot for each layer; cycles and bits are per image."""

from __future__ import annotations

from typing import Any

import altair as alt

from sparsesim.report.classes import bounds, classes
from sparsesim.report.facts import class_cycles, images, labels, own_scheme, speedup
from sparsesim.report.naming import fitted
from sparsesim.report.palette import ACCENT, ALARM, GREY, OPERANDS
from sparsesim.report.theme import colours
from sparsesim.result.model import LayerRecord, Result

Rows = list[dict[str, Any]]
LABEL_WIDTH = 24


def where(result: Result) -> alt.Chart | None:
    """Total cycles by what the multipliers did."""
    scheme, n = own_scheme(result), images(result)
    kinds = classes(result.accelerator.rules)
    rows: Rows = []
    for layer, named in _labelled(result):
        cycles = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])
        for index, kind in enumerate(kinds):
            if cycles[kind.key]:
                rows.append(
                    named
                    | {
                        "cycles": cycles[kind.key] / n,
                        "class": kind.words,
                        "order": index,
                    }
                )
    found = {row["class"] for row in rows}
    drawn = {kind.words: kind.colour for kind in kinds if kind.words in found}
    return _stacked(rows, "cycles", "class", drawn, "total cycles an image", ",.0f")


def sparsity(result: Result) -> alt.Chart | None:
    """Zeros of each operand."""
    rows: Rows = []
    for layer, named in _labelled(result):
        for operand, share in (
            ("weights", layer.weight_sparsity),
            ("activations", layer.activation_sparsity),
            ("outputs", layer.output_sparsity),
        ):
            rows.append(named | {"operand": operand, "zeros": share})
    if not rows:
        return None
    return (
        alt.Chart(alt.InlineData(values=rows), height=_height(len(result.layers)))
        .mark_point(filled=True, size=64, opacity=0.9)
        .encode(
            y=_axis().axis(grid=True),
            x=alt.X(
                "zeros:Q",
                title="zeros / elements",
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=colours("operand", OPERANDS),
            shape=alt.Shape(
                "operand:N",
                scale=alt.Scale(domain=list(OPERANDS), range=["circle", "square", "diamond"]),
            ),
            tooltip=["layer:N", "operand:N", alt.Tooltip("zeros:Q", format=".1%")],
        )
    )


def density(result: Result) -> alt.Chart | None:
    """Error of the estimate from mean densities."""
    if not result.accelerator.rules.skips_zeros:
        return None
    scheme = own_scheme(result)
    rows = [
        named
        | {
            "error": layer.schemes[scheme].density.error,
            "exact": layer.cycles[scheme].compute / images(result),
            "estimate": layer.schemes[scheme].density.compute / images(result),
        }
        for layer, named in _labelled(result)
    ]
    if not rows:
        return None
    return (
        alt.Chart(alt.InlineData(values=rows), height=_height(len(rows)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=_axis(),
            x=alt.X(
                "error:Q",
                title="error of compute cycles",
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


def dram(result: Result) -> alt.Chart | None:
    """Bits over the DRAM port by operand."""
    scheme, n = own_scheme(result), images(result)
    rows: Rows = []
    for layer, named in _labelled(result):
        for index, operand in enumerate(("activation", "weight", "output")):
            bits = getattr(layer.schemes[scheme].dram_bits, operand) / n
            rows.append(named | {"megabits": bits / 1e6, "operand": operand + "s", "order": index})
    return _stacked(rows, "megabits", "operand", OPERANDS, "Mbit an image", ",.3f")


def balance(result: Result) -> alt.LayerChart | alt.FacetChart | None:
    """Compute against memory cycles."""
    scheme, n = own_scheme(result), images(result)
    rows = [
        named
        | {
            "compute": max(layer.cycles[scheme].compute / n, 1),
            "memory": max(layer.cycles[scheme].memory / n, 1),
            "total": layer.cycles[scheme].total / n,
            "speedup": speedup(result, layer, scheme),
            "bound": layer.schemes[scheme].bound,
        }
        for layer, named in _labelled(result)
    ]
    if not rows:
        return None
    every = [row[key] for row in rows for key in ("compute", "memory")]
    line = [{"memory": edge, "compute": edge} for edge in (min(every), max(every))]
    logarithmic, axis = alt.Scale(type="log"), alt.Axis(format="~s", tickCount=5, grid=False)
    x = alt.X("memory:Q", title="memory cycles an image (log)", scale=logarithmic, axis=axis)
    y = alt.Y("compute:Q", title="compute cycles (log)", scale=logarithmic, axis=axis)
    found = {row["bound"] for row in rows}
    colour_of = bounds(result.accelerator.rules)
    drawn = {word: colour for word, colour in colour_of.items() if word in found}
    points = (
        alt.Chart(alt.InlineData(values=rows), height=320)
        .mark_point(filled=True, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=colours("bound", drawn),
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
        .mark_line(strokeDash=[4, 4], strokeWidth=1, color=GREY)
        .encode(x=x, y=y)
    )
    return alt.layer(equal, points)


def _stacked(
    rows: Rows, number: str, part: str, parts: dict[str, str], title: str, form: str
) -> alt.Chart | None:
    """A bar a layer, cut into parts."""
    if not rows:
        return None
    layers = len({row["label"] for row in rows})
    return (
        alt.Chart(alt.InlineData(values=rows), height=_height(layers))
        .mark_bar()
        .encode(
            y=_axis(),
            x=alt.X(f"{number}:Q", title=title, axis=alt.Axis(format="~s", tickCount=6)),
            color=colours(part, parts),
            order=alt.Order("order:Q"),
            tooltip=["layer:N", f"{part}:N", alt.Tooltip(f"{number}:Q", format=form)],
        )
    )


def _axis() -> alt.Y:
    return alt.Y("label:N", sort=None, title=None)


def _labelled(result: Result) -> list[tuple[LayerRecord, dict[str, Any]]]:
    """Layers, each with its name and a label short enough for an axis; a chart joins equal ones."""
    names = labels(result.layers)
    fit = fitted(names, LABEL_WIDTH)
    return [
        (layer, {"label": fit[layer.name], "layer": names[layer.name]}) for layer in result.layers
    ]


def _height(layers: int) -> int:
    """Pixels for so many layers; a fixed number, as Vega warns of steps in a fluid width."""
    return layers * (26 if layers <= 12 else 20 if layers <= 40 else 16)
