"""How charts look on a light and on a dark page; the page's own colours are in page.css."""

from __future__ import annotations

from typing import Any

import altair as alt

from sparsesim.report.palette import INK


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
        else (INK, "#5b6472", "#e7e9ee", "#ffffff")
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
            "labelLimit": 240,
            "symbolType": "square",
            "title": None,
            "layout": {"top": {"anchor": "start", "bounds": "full"}},
        },
        "text": {"color": ink, "font": font, "fontSize": 12},
        "rule": {"color": ink},
        "tick": {"color": ink},
    }
