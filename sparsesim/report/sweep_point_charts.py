"""Charts of one point of a sweep; the page puts another point's data into their datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from sparsesim.machines.machine import Machine
from sparsesim.machines.slot_class import SlotClass
from sparsesim.report.charts import filling
from sparsesim.report.classes import STALL, bounds, classes
from sparsesim.report.naming import fitted
from sparsesim.report.palette import GREY
from sparsesim.report.sweep_machines import machine_of
from sparsesim.report.theme import colours
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.store import Row

_NAME = 24


def point_data(
    details: Mapping[str, Any], row: Row, machines: tuple[Machine, ...]
) -> dict[str, Any]:
    """The datasets of a point's charts.

    Args:
        details: as `details_of` gives them.
        row: of the point.
        machines: of all points that the charts may show.
    Returns:
        `layers`: a record each, cycles by class among it; `parts`: one for each layer and class;
        `roof`: corners of the roofline.
    """
    kinds = classes(*machines)
    layers = [
        _layer(layer, label, machine_of(row), kinds)
        for layer, label in _labelled(details["layers"])
    ]
    parts = [
        {
            "label": layer["label"],
            "class": kind.words,
            "cycles": layer[_column(kind)],
            "order": order,
        }
        for layer in layers
        for order, kind in enumerate(kinds)
        if layer[_column(kind)]
    ]
    return {"layers": layers, "parts": parts, "roof": _roof(layers, details, row)}


def lost(layers: Sequence[Mapping[str, Any]], machine: Machine) -> dict[str, float]:
    """Where all layers' cycles go, by the words of the machine's classes; those of none are left
    out."""
    kinds = classes(machine)
    flat = [_layer(layer, "", machine, kinds) for layer in layers]
    sums = {kind.words: sum(layer[_column(kind)] for layer in flat) for kind in kinds}
    return {word: cycles for word, cycles in sums.items() if cycles}


def layer_bars(
    details: Mapping[str, Any], row: Row, machines: tuple[Machine, ...]
) -> dict[str, Any]:
    """Total cycles of each layer by what multipliers did; a line marks the dense scheme's."""
    data = point_data(details, row, machines) | {"roof": []}
    y = alt.Y("label:N", sort=None, title=None)
    title = "total cycles an image; line: dense, same array"
    axis = alt.Axis(format="~s", tickCount=5)
    bars = (
        alt.Chart(alt.NamedData("parts"))
        .mark_bar(height={"band": 0.7})
        .encode(
            y=y,
            x=alt.X("cycles:Q", title=title, axis=axis),
            color=colours("class", {kind.words: kind.colour for kind in classes(*machines)}),
            order=alt.Order("order:Q"),
            tooltip=["label:N", "class:N", alt.Tooltip("cycles:Q", format=",.0f")],
        )
    )
    dense = (
        alt.Chart(alt.NamedData("layers"))
        .mark_tick(thickness=2, size=14)
        .encode(
            y=y,
            x=alt.X("none:Q", title=title, axis=axis),
            tooltip=[
                "name:N",
                *(alt.Tooltip(f"{n}:Q", format=",.0f") for n in ("total", "none", "memory")),
                "bound:N",
            ],
        )
    )
    made = filling(alt.layer(bars, dense).properties(height=22 * len(data["layers"]) + 10))
    return made | {"datasets": data}


def roofline(details: Mapping[str, Any], row: Row, machines: tuple[Machine, ...]) -> dict[str, Any]:
    """Effectual MACs a cycle over effectual MACs a byte of DRAM, under both roofs."""
    data = point_data(details, row, machines)
    logarithmic, axis = alt.Scale(type="log", nice=False), alt.Axis(tickCount=5, format="~g")
    x = alt.X("x:Q", title="effectual MACs a DRAM byte (log)", scale=logarithmic, axis=axis)
    y = alt.Y("y:Q", title="effectual MACs a cycle (log)", scale=logarithmic, axis=axis)
    roof = (
        alt.Chart(alt.NamedData("roof"))
        .mark_line(strokeWidth=1.5, color=GREY)
        .encode(x=x, y=y, order=alt.Order("x:Q"))
    )
    dots = (
        alt.Chart(alt.NamedData("layers"))
        .transform_filter("datum.y > 0")
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x=x,
            y=y,
            color=colours("bound", bounds(*machines)),
            size=alt.Size("total:Q", scale=alt.Scale(range=[40, 400]), legend=None),
            tooltip=[
                "name:N",
                "bound:N",
                *(alt.Tooltip(f"{n}:Q", format=",.3~f") for n in ("x", "y")),
                alt.Tooltip("total:Q", format=",.0f"),
            ],
        )
    )
    made = filling(alt.layer(roof, dots).properties(height=300))
    return made | {"datasets": data}


def _labelled(layers: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Layers with names short enough for an axis, each another one."""
    labels = fitted([layer["name"] for layer in layers], _NAME)
    return [(layer, labels[layer["name"]]) for layer in layers]


def _column(kind: SlotClass) -> str:
    """Where a layer has its cycles of a class: a machine may call its classes what it likes."""
    return f"class {kind.key}"


def _layer(
    layer: Mapping[str, Any], label: str, machine: Machine, kinds: Sequence[SlotClass]
) -> dict[str, Any]:
    """A layer of a machine, with the classes of all machines."""
    own = {kind.words: layer["classes"].get(kind.key, 0.0) for kind in machine.classes}
    held = own | {STALL.words: layer["total"] - layer["compute"]}
    octets = layer["dram_bits"] / 8
    found = {
        "x": layer["effectual"] / octets if octets else 0.0,
        "y": layer["effectual"] / layer["total"] if layer["total"] else 0.0,
        **{name: layer[name] for name in ("compute", "memory", "total", "none")},
        **{_column(kind): held.get(kind.words, 0.0) for kind in kinds},
    }
    rounded = {  # a smaller page; no dense mode draws no line
        name: None if value is None else float(f"{value:.6g}") for name, value in found.items()
    }
    return {"label": label, "name": layer["name"], "bound": layer["bound"], **rounded}


def _roof(
    layers: Sequence[Mapping[str, Any]], details: Mapping[str, Any], row: Row
) -> list[dict[str, float]]:
    """Up the slope of DRAM to the peak of the array, and on beside it."""
    found = [layer["x"] for layer in layers if layer["y"] > 0]
    if not found:
        return []
    array = Point.of(row.parameters).accelerator.array
    peak = float(machine_of(row).slots(array))
    slope = details["dram_bits_per_cycle"] / 8  # bytes a cycle
    left, right = 0.7 * min(*found, peak / slope), 1.4 * max(*found, peak / slope)
    return [
        {"x": left, "y": left * slope},
        {"x": peak / slope, "y": peak},
        {"x": right, "y": peak},
    ]
