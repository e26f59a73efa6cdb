"""Gradient traffic on the terminal: layer by layer, and all of them under each format."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.figures import count, octets, percent, times
from sparsesim.report.console import cells, plain_table
from sparsesim.report.naming import fitted
from sparsesim.train.traffic import FormatTraffic, LayerTraffic, Traffic


def traffic_text(found: Traffic, source: str) -> RenderableType:
    """The report.

    Args:
        found: of `traffic`.
        source: the history, as the user named it.
    """
    title = Text(f"Gradient traffic of {source}", style="bold")
    title.append(
        f", {count(found.steps)} steps, {found.workers} workers, {found.value_bits} bits a value",
        style="not bold dim",
    )
    return Group(
        title,
        Text(),
        Text("What a worker sends at a step, mean over the steps", style="bold"),
        _layers(found),
        Text(),
        Text("All layers, by format", style="bold"),
        _formats(found.total),
        Text(),
        *(Text(line, style="dim") for line in _notes(found)),
    )


def _layers(found: Traffic) -> Table:
    columns = ("weights", "zeros: first", "last tenth", "dense", "best", "as", "of dense")
    table = plain_table("layer", *columns, gap=1)
    labels = fitted([layer.name for layer in found.layers], 16)
    for layer in (*found.layers, found.total):
        best = _best(layer)
        table.add_row(
            *cells(
                labels[layer.name] if layer.name else "all",
                count(layer.elements),
                percent(layer.sparsity.first_tenth),
                percent(layer.sparsity.last_tenth),
                octets(layer.dense_sent),
                octets(best.sent.mean),
                best.format,
                times(best.of_dense),
            )
        )
    return table


def _best(layer: LayerTraffic) -> FormatTraffic:
    """The format that sends the least, of those with exact sizes."""
    exact = [one for one in layer.formats if not one.bound]
    return min(exact, key=lambda one: one.sent.mean)


def _formats(total: LayerTraffic) -> Table:
    columns = ("a gradient", "p95", "a worker sends", "of dense", "pays from")
    table = plain_table("format", *columns)
    table.add_row(*cells("dense", octets(total.dense_bytes), "", octets(total.dense_sent), "1.00x"))
    for one in total.formats:
        table.add_row(
            *cells(
                f"{one.format}, {one.bound}" if one.bound else one.format,
                octets(one.bytes.mean),
                octets(one.bytes.p95),
                octets(one.sent.mean),
                times(one.of_dense),
                "never" if one.break_even is None else f"{percent(one.break_even)} zeros",
            )
        )
    return table


def _notes(found: Traffic) -> Iterable[str]:
    n = found.workers
    yield f"dense: ring all-reduce, 2 (n - 1) / n of the gradient, n = {n}."
    yield f"others: all-gather, n - 1 = {n - 1} encoded gradients; others' zeros as these."
    if any(one.bound for one in found.total.formats):
        yield "run_length: the history has no positions, so the least and the most it can take."
    if any(layer.rows == 1 for layer in found.layers):
        yield "csr: a layer whose shape is unknown is one row."
    if found.left_out:
        yield f"Left out, as counts do not give their sizes: {', '.join(found.left_out)}."
