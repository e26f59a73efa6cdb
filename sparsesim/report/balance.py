"""What reordering filters gains, on the terminal: layer by layer, and what was left as it was."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.figures import change, count, plural, times
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import file_name
from sparsesim.report.heading import described, heading
from sparsesim.report.naming import fitted
from sparsesim.tuning.balance import Balance


def balance_text(found: Balance) -> RenderableType:
    """The report.

    Args:
        found: of `balance`.
    """
    head = heading(
        f"Reordering the filters of {file_name(found.model)} by their work",
        f"{described(found.accelerator)}, {found.scheme}",
        images=found.images,
        images_per_run=found.images_per_run,
        warnings=found.warnings,
    )
    head += [Text(), Text(_answer(found), style="bold")]
    parts: list[RenderableType] = [*head, _table(found), Text(), *map(Text, _left(found))]
    return Group(*parts, *(Text(line, style="dim") for line in _notes(found)))


def _answer(found: Balance) -> str:
    before, after = (total / found.images for total in (found.total_before, found.total_after))
    if not found.reordered:
        return f"No order of filters gains; {count(before)} cycles/image as they are"
    said = f"{times(found.gain)}: {count(before)} to {count(after)} cycles/image"
    of = f"{found.reordered} of {plural(len(found.layers), 'layer')}"
    if not found.is_kept:
        return f"{said} with {of} reordered: no gain, the network stays as it is"
    return f"{said}, {of} reordered"


def _table(found: Balance) -> Table:
    table = plain_table("layer", "order", "filters", "before", "after", "compute", "total", left=2)
    labels = fitted([layer.name for layer in found.layers], 22)
    for layer in found.layers:
        slower = layer.total_after > layer.total_before
        changed = change(layer.total_before, layer.total_after)
        table.add_row(
            *cells(
                labels[layer.name],
                layer.order or "as it was",
                count(layer.filters),
                count(layer.total_before / found.images),
                count(layer.total_after / found.images),
                change(layer.compute_before, layer.compute_after),
                Text(changed, style="yellow" if slower else ""),
            )
        )
    return table


def _left(found: Balance) -> Iterable[str]:
    """Layers whose filters were left, by reason."""
    reasons: dict[str, list[str]] = {}
    for layer in found.layers:
        if not layer.order:
            reasons.setdefault(layer.why, []).append(layer.name)
    for why, names in reasons.items():
        who = names[0] if len(names) == 1 else plural(len(names), "layer")
        yield f"{who}: {why}"


def _notes(found: Balance) -> Iterable[str]:
    yield "order: of the filters, by their effectual MACs. before, after: total cycles an"
    yield "image, DRAM included; compute, total: what became of either. A layer's input"
    yield "channels move, too. Counted anew by running the reordered network."
    if not found.reordered:
        return
    off = "Outputs equal to the bit"
    if found.output_difference:
        off = f"Outputs off by {found.output_difference:.1e} of the largest: sums of floats"
    yield f"{off}."
    before, after = found.effectual_before, found.effectual_after
    if before == after:
        yield f"Effectual MACs: {count(before)}, before and after."
    else:
        yield f"Effectual MACs: {count(before)}, then {count(after)}: sums of floats, rounded."
