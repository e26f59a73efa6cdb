"""The tables and sentences of `show`: a line or two a layer, however long its name is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from rich import box
from rich.table import Table

from sparsesim.figures import count, percent, plural
from sparsesim.report.console import cells
from sparsesim.report.naming import fitted, in_lines

_LEAST, _LINES = 16, 2  # columns that a name gets at least, and how many lines
_FUSED = 14  # columns of what is fused behind
_GAP = 2
_NUMBERS = ("output", "MACs", "weights", "zeros")  # never cut
_MAP_NAME = 48


def layers_table(layers: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Layers with their outputs, MACs and weights.

    Args:
        layers: as `show` writes them as JSON.
        width: columns of the terminal; the table is wider where it must be.
    """
    heads = ("op", *_NUMBERS, "fused")
    rows = [
        (
            layer["op"],
            "x".join("?" if n is None else str(n) for n in layer["output_shape"]),
            "?" if layer["macs"] is None else f"{layer['macs']:,}",
            f"{layer['weights']:,}",
            percent(layer["weight_sparsity"]),
            "\n".join(wrap(" ".join(layer["fused"]), _FUSED)),
        )
        for layer in layers
    ]
    others = sum(
        _GAP + max(len(line) for cell in column for line in (cell.splitlines() or [""]))
        for column in zip(heads, *rows, strict=True)
    )
    room = max(_LEAST, width - others)
    labels = fitted([layer["name"] for layer in layers], _LINES * room, strip=False)
    least = room + others  # beyond a narrow terminal rather than broken
    table = Table(
        box=None, pad_edge=False, padding=(0, _GAP, 0, 0), width=least if least > width else None
    )
    for head in ("layer", *heads):
        table.add_column(
            head,
            justify="right" if head in _NUMBERS[1:] else "left",
            no_wrap=head != "layer",
            overflow="fold",
            header_style="dim",
        )
    for layer, row in zip(layers, rows, strict=True):
        table.add_row(*cells("\n".join(in_lines(labels[layer["name"]], room)), *row))
    return table


def map_table(layers: Mapping[str, Any]) -> Table:
    """What each layer gets, a column a table with rules; under a rule the pattern that gave it.

    Args:
        layers: by layer and table the rule and its pattern, or None.
    """
    tables: Mapping[str, Any] = next(iter(layers.values()), {})
    used = [name for name in tables if any(gets[name] for gets in layers.values())]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("layer", *used):
        table.add_column(name, overflow="fold")
    labels = fitted(layers, _MAP_NAME, strip=False)
    for layer, gets in layers.items():
        chosen = [gets[name] for name in used]
        words = (f'{got["rule"]}\n  by "{got["pattern"]}"' if got else "-" for got in chosen)
        table.add_row(*cells(labels[layer], *words))
    return table


def layers_in_words(layers: Sequence[Mapping[str, Any]]) -> str:
    """How many, and their MACs; what is unknown is not counted as 0."""
    known = [layer["macs"] for layer in layers if layer["macs"] is not None]
    macs = count(sum(known))
    if len(known) < len(layers):
        macs = f"at least {macs}" if sum(known) else "unknown"
    return f"{plural(len(layers), 'MAC layer')} on the array: {macs} MACs an image"


def run_in_words(images: int) -> list[str]:
    """What a run is, where it holds more than one image."""
    if images == 1:
        return []
    return [f"a run is a batch of {images} images: outputs are those of a run, MACs of an image"]


def host_lines(host: Mapping[str, Any]) -> dict[str, str]:
    """Of each host node that multiplies: its MACs, and why it is no layer."""
    lines = {}
    for node in {**host["macs"], **host["reasons"]}:
        macs, reason = host["macs"].get(node), host["reasons"].get(node)
        said = "MACs unknown" if macs is None else f"{count(macs)} MACs"
        lines[node] = f"{said}; {reason}" if reason else said
    return lines
