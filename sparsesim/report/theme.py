"""How charts look on a light and on a dark page; the page's own colours are in page.css."""

from __future__ import annotations

from typing import Any

import altair as alt

OPERAND_COLOURS = {"activations": "#4f86c6", "weights": "#d4a72c", "outputs": "#b565c4"}
ACCENT = "#2a9d5c"
ALARM = "#c2410c"
DENSE = "#8b95a5"
"""Of what is dense, where no scheme's own colour is at hand."""
SPARE = ("#b565c4", "#5bb5b5", "#c2410c", "#a3b18a", "#7a5c3e", "#3d5a80")
"""Of schemes whose own colour another machine's scheme has."""


def colours(
    field: str, chosen: dict[str, str], legend: bool = True, columns: int | None = None
) -> alt.Color:
    """A colour scale over a field's words.

    Args:
        field: of the data.
        chosen: colour by word, in the legend's order.
        legend: whether to draw one.
        columns: of it; as many as the page's where not given.
    """
    scale = alt.Scale(domain=list(chosen), range=list(chosen.values()))
    if not legend:
        return alt.Color(f"{field}:N", scale=scale, legend=None)
    drawn = alt.Color(f"{field}:N", scale=scale, title=None)
    return drawn if columns is None else drawn.legend(columns=columns)


def theme(dark: bool) -> dict[str, Any]:
    """A Vega-Lite config: no frame, faint grid, words in the page's font."""
    ink, faint, grid, ground = (
        ("#e6e8ec", "#9aa3b2", "#2b313b", "#171a21")
        if dark
        else ("#1c2128", "#5b6472", "#e7e9ee", "#ffffff")
    )
    font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
    words = {
        "labelFont": font,
        "titleFont": font,
        "labelColor": faint,
        "titleColor": faint,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "background": ground,
        "font": font,
        "view": {"stroke": None},
        "axis": words
        | {"gridColor": grid, "domainColor": grid, "tickColor": grid, "titlePadding": 8},
        "axisX": {"labelFlush": True},
        "axisY": {"grid": False, "ticks": False, "labelPadding": 6, "labelLimit": 220},
        "legend": words
        | {
            "orient": "top",
            "columns": 4,
            "symbolType": "square",
            "title": None,
            "layout": {"top": {"anchor": "start", "bounds": "full"}},
        },
        "text": {"color": ink, "font": font, "fontSize": 12},
        "rule": {"color": ink},
        "tick": {"color": ink},
    }
