"""A training on the terminal, and its gradient sparsity over time as a picture.

It computes nothing but means over steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from sparsesim.figures import percent
from sparsesim.graph.names import block_of
from sparsesim.report.console import cells, plain_table

if TYPE_CHECKING:
    from sparsesim.train.history import History

_MANY = 10  # curves; more need another set of colours
_POINTS = 200  # of a curve; each is the mean of the steps that it stands for


def training_table(history: History, subject: str) -> Group:
    """Gradient sparsity of each block: in the first and the last tenth of the steps, and in all.

    Args:
        history: of one step or more.
        subject: the network and what happened to its gradients, in a few words.
    """
    steps = len(history.loss)
    tenth = max(1, steps // 10)
    table = plain_table("layer", "first tenth", "last tenth", "all steps", "weights")
    elements = _elements(history)
    for name, curve in (*history.by_block().items(), ("all", history.total_sparsity())):
        parts = [percent(float(part.mean())) for part in (curve[:tenth], curve[-tenth:], curve)]
        table.add_row(*cells(name, *parts, f"{elements[name]:,}"))
    lines: list[RenderableType] = [Text(f"Gradient sparsity, {steps:,} steps of {subject}"), table]
    if len(history.accuracy):
        lines.append(Text(f"test accuracy {history.accuracy[-1]:.2%} after the last epoch"))
    return Group(*lines)


def gradient_chart(history: History, subject: str) -> str:
    """Gradient sparsity of each block over the steps, as SVG.

    Args:
        history: of one step or more.
        subject: its heading.
    Source: the form of Loroch et al. 2018, figures 3 to 7.
    """
    import altair as alt
    import vl_convert

    rows = [
        {"step": float(step), "sparsity": float(value), "layer": name}
        for name, curve in history.by_block().items()
        for step, value in zip(*averaged(curve), strict=True)
    ]
    order = list(history.by_block())
    chart = (
        alt.Chart(alt.Data(values=rows), width=560, height=280)
        .mark_line()
        .encode(
            x=alt.X("step:Q", title="step"),
            y=alt.Y("sparsity:Q", title="gradient sparsity", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "layer:N",
                sort=order,
                title="layer or block",
                scale=alt.Scale(scheme="tableau20" if len(order) > _MANY else "tableau10"),
                legend=alt.Legend(symbolLimit=0),  # none left out
            ),
        )
        .properties(title=subject)
    )
    return vl_convert.vegalite_to_svg(chart.to_json())


def gradient_picture(svg: str) -> bytes:
    """The chart as PNG, two pixels a unit."""
    import vl_convert

    return vl_convert.svg_to_png(svg, scale=2)


def averaged(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over equal stretches of steps: at most 200 of them.

    Args:
        curve: a value a step, shape (steps,).
    Returns:
        the last step of each stretch, counted from 1, and its mean.
    """
    edges = np.unique(np.linspace(0, len(curve), min(_POINTS, len(curve)) + 1).astype(np.int64))
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    return edges[1:], np.diff(sums[edges]) / np.diff(edges)


def _elements(history: History) -> dict[str, int]:
    found: dict[str, int] = {"all": int(history.elements.sum())}
    for name, elements in zip(history.layers, history.elements, strict=True):
        found[block_of(name)] = found.get(block_of(name), 0) + int(elements)
    return found
