"""Tables of an intrinsic emulation for the terminal, and the same as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sparsesim.figures import count, percent, plural
from sparsesim.intrinsic.emulation import Emulation, LayerEmulation
from sparsesim.intrinsic.formats import Formats
from sparsesim.report.console import cells, plain_table
from sparsesim.report.heading import images_and_runs, warned
from sparsesim.report.naming import fitted

# Characters of a layer's name on one line, beside formats and beside errors.
_NAME, _LONGER_NAME = 14, 22


def text(found: Emulation) -> RenderableType:
    """Formats and what left them; errors layer by layer; what became of the outputs.

    Args:
        found: of `sparsesim.intrinsic.emulate`.
    """
    labels = {
        width: fitted([layer.name for layer in found.layers], width)
        for width in (_NAME, _LONGER_NAME)
    }
    runs = images_and_runs(found.images, found.images_per_run)
    title = Text(f"{PurePath(found.model).name}, {runs}", style="bold")
    title.append(f" from {PurePath(found.inputs).name}", style="not bold dim")
    title.append("".join(f"; {step}" for step in found.rewrites), style="not bold")
    parts: list[RenderableType] = [title]
    if found.random_inputs:
        parts.append(Panel(Text("inputs are random: errors say little", style="bold red")))
    parts += warned(found.warnings)
    parts += [
        Text(),
        _formats(found, labels[_NAME]),
        Text(),
        _errors(found, labels[_LONGER_NAME]),
        Text(),
    ]
    return Group(*parts, _outcome(found))


def record(found: Emulation) -> dict[str, Any]:
    """The emulation as plain values for JSON."""
    made = asdict(found)  # pydantic's own are left as they are
    made["layers"] = [_layer_record(layer) for layer in found.layers]
    for key in ("outputs", "accuracy"):
        value = getattr(found, key)
        made[key] = None if value is None else value.model_dump()
    return made


def _layer_record(layer: LayerEmulation) -> dict[str, Any]:
    made = asdict(layer)
    if layer.arithmetic is not None:
        made["arithmetic"] = layer.arithmetic.model_dump()
    return made


def _formats(found: Emulation, names: dict[str, str]) -> RenderableType:
    heads = ("input", "weight", "product", "sum", "sums", "products", "operands")
    table = plain_table("layer", *heads)
    for layer in found.layers:
        formats, counts = layer.formats, layer.counts
        if formats is None or counts is None:
            table.add_row(*cells(names[layer.name], "as loaded"))
            continue
        table.add_row(
            *cells(
                names[layer.name],
                _starred(formats.activation, "act_fraction", formats),
                _starred(formats.weight, "weight_fraction", formats),
                _starred(
                    formats.product or f"full/{formats.product_fraction}",
                    "product_fraction",
                    formats,
                ),
                _starred(formats.acc, "acc_fraction", formats),
                _share(counts.overflowed_sums, counts.sums),
                _share(counts.saturated_products, counts.products),
                _share(
                    counts.saturated_activations + counts.saturated_weights,
                    counts.activations + counts.weights,
                ),
            )
        )
    title = Text("Formats as bits/fraction, and the share of numbers that left them", style="bold")
    parts: list[RenderableType] = [title, table]
    if any(layer.formats and layer.formats.chosen for layer in found.layers):
        parts.append(
            Text(
                "  * chosen: operands so that none saturates in the ordinary execution; products\n"
                "    and sums so that none can, whatever inputs of that format come",
                style="dim",
            )
        )
    return Group(*parts)


def _errors(found: Emulation, names: dict[str, str]) -> RenderableType:
    table = plain_table("layer", "outputs", "mean error", "largest", "mean value", "error/value")
    for layer in found.layers:
        share = layer.mean_error / layer.mean_magnitude if layer.mean_magnitude else None
        table.add_row(
            *cells(
                names[layer.name],
                count(layer.outputs),
                f"{layer.mean_error:.3g}",
                f"{layer.max_error:.3g}",
                f"{layer.mean_magnitude:.3g}",
                "-" if share is None else percent(share, 2),
            )
        )
    title = Text("Each layer's output against the ordinary execution", style="bold")
    title.append(", errors before it included", style="not bold dim")
    return Group(title, table)


def _outcome(found: Emulation) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", overflow="fold", max_width=30)
    table.add_column(overflow="fold")
    for where, words in _rules(found.layers).items():
        table.add_row(*cells(where, words))
    outputs, accuracy = found.outputs, found.accuracy
    if outputs is not None:
        said = f"mean {percent(outputs.mean, 2)}, worst {percent(outputs.worst, 2)} of the range"
        table.add_row(*cells("output error", said))
        if outputs.top1_agreement is not None:
            table.add_row(*cells("same top-1", f"{percent(outputs.top1_agreement)} of images"))
    before_after = "no labels given"
    if accuracy is not None:
        before_after = (
            f"{percent(accuracy.top1_before)} before, {percent(accuracy.top1_after)} after, of "
            f"{plural(accuracy.images, 'labelled image')}"
        )
    table.add_row(*cells("top-1", before_after))
    return table


def _rules(layers: Sequence[LayerEmulation]) -> dict[str, str]:
    """Each line of the file that some layer got, and the rest of its arithmetic in words."""
    found = {}
    for layer in layers:
        a = layer.arithmetic
        if a is not None:
            products = f"products {a.product_rounding}"
            if a.product_bits is not None:
                products += f" {a.product_overflow}"
            found[layer.where] = (
                f"{products}, sums {a.overflow}, {plural(a.lanes, 'lane')}, {a.order}, "
                f"bias {a.bias}"
            )
    return found


def _starred(made: object, key: str, formats: Formats) -> str:
    return f"{made}{'*' if key in formats.chosen else ' '}"


def _share(part: int, whole: int) -> str:
    if part == 0:
        return "0"
    return percent(part / whole, 2) if part / whole >= 5e-5 else "<0.01 %"
