"""One self-contained HTML page: it asks the network for nothing, and its policy forbids it to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from sparsesim.report.charts import vega_lite_version
from sparsesim.report.theme import theme

_FOLDER = Path(__file__).resolve().parent


def page(
    title: str,
    parts: Sequence[str],
    charts: Mapping[str, Mapping[str, Any]],
    data: Mapping[str, Any] | None = None,
    script: str = "",
) -> str:
    """A page.

    Args:
        title: of the window.
        parts: HTML, one below the other.
        charts: Vega-Lite specifications, drawn into the elements `chart-NAME`.
        data: what the page's own script reads as `sparsesim.data`.
        script: a file beside this one that runs behind `page.js`.
    """
    themes = {"light": theme(False), "dark": theme(True)}
    known = {"charts": charts, "themes": themes, "data": data or {}}
    scripts = ["page.js", *([script] if script else [])]
    return Template((_FOLDER / "page.html").read_text("utf-8")).substitute(
        title=escape(title),
        css=(_FOLDER / "page.css").read_text("utf-8"),
        js="\n".join((_FOLDER / name).read_text("utf-8") for name in scripts),
        body="\n".join(parts),
        charts=json.dumps(known).replace("<", "\\u003c"),
        bundle=_bundle(),
    )


def section(title: str, said: str, body: str) -> str:
    """A part with its heading; `said`, where there is something to say, below it."""
    told = f'<p class="caption">{escape(said)}</p>' if said else ""
    return f"<section><h2>{escape(title)}</h2>{told}{body}</section>"


def tiles(shown: Sequence[tuple[str, str, str]], mood: str = "") -> str:
    """(name, number, note) side by side.

    Args:
        shown: in order.
        mood: class of the first.
    """
    drawn = [
        f'<div class="tile{mood if index == 0 else ""}"><div class="name">{escape(name)}</div>'
        f'<div class="number">{escape(value)}</div><div class="note">{escape(note)}</div></div>'
        for index, (name, value, note) in enumerate(shown)
    ]
    return f'<div class="tiles">{"".join(drawn)}</div>'


def table(head: str, rows: Sequence[str], kind: str = "") -> str:
    """A table that scrolls where it is too wide.

    Args:
        head: its first row; empty: none.
        rows: the others.
        kind: class; those of `layers` can be sorted.
    """
    top = f"<thead>{head}</thead>" if head else ""
    return (
        f'<div class="scroll"><table class="{kind}">{top}<tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )


def number(text: str, value: float | None = None) -> str:
    """A cell to the right; `value` is what it is sorted by."""
    sort = "" if value is None else f' data-value="{value:.10g}"'
    return f'<td class="number"{sort}>{escape(text)}</td>'


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script; making it takes a second."""
    import vl_convert

    script = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=vega_lite_version()
    )
    return script.replace("</script", "<\\/script")
