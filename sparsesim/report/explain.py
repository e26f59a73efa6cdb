"""`explain`: what bounds one layer under each scheme, and which parameter would lift it."""

from __future__ import annotations

from difflib import get_close_matches

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.errors import TraceError
from sparsesim.figures import bits, count, percent, plural, signed_percent, times
from sparsesim.report.classes import classes
from sparsesim.report.console import WIDTH, cells, plain_table
from sparsesim.report.facts import (
    baseline,
    class_cycles,
    images_in_words,
    labels,
    machine,
    model_name,
    own_scheme,
    speedup,
)
from sparsesim.report.floors import floors
from sparsesim.report.lifts import lifts
from sparsesim.report.naming import in_lines, named_by
from sparsesim.result.model import LayerRecord, Result


def explain(result: Result, layer_name: str) -> RenderableType:
    """What bounds a layer.

    Args:
        result: of an estimate.
        layer_name: as in the result, or as the summary shortens it.
    Returns:
        for a rich console; `console.plain` makes text of it.
    Raises:
        TraceError: no such layer.
    """
    layer = find_layer(result, layer_name)
    parts: list[RenderableType] = [*_header(result, layer), Text(), _table(result, layer), Text()]
    parts += [Text(f"! {warning}", style="bold red") for warning in result.warnings]
    return Group(*parts, *_lifts(result, layer))


def find_layer(result: Result, name: str) -> LayerRecord:
    """A layer by its name or its label.

    Raises:
        TraceError: no such layer; it names near misses.
    """
    short = labels(result.layers)
    for layer in result.layers:
        if layer.name == name:
            return layer
    for layer in result.layers:
        if short[layer.name] == name:
            return layer
    meant = named_by(name, list(short.values())) if "…" in name else []
    if len(meant) == 1:
        return next(layer for layer in result.layers if short[layer.name] == meant[0])
    raise TraceError(f"no layer '{name}'; {_near(name, list(short.values()))}")


def _near(name: str, known: list[str]) -> str:
    """A hint: layers of like names, or how many there are (their names would fill the screen)."""
    if not known:
        return "the result has none"
    like = [label for label in known if name and name.lower() in label.lower()]
    like = (like or get_close_matches(name, known, n=3))[:3]
    if like:
        return "did you mean " + " or ".join(f"'{label}'" for label in like) + "?"
    return f"the result has {plural(len(known), 'layer')}, '{known[0]}' to '{known[-1]}'"


def _header(result: Result, layer: LayerRecord) -> list[RenderableType]:
    fused = f" with {', '.join(layer.fused)}" if layer.fused else ""
    own = layer.groups // layer.steps
    groups = f", {own} groups" if own > 1 else ""
    groups += f", {layer.steps} steps in order" if layer.steps > 1 else ""
    title = Text("\n".join(in_lines(layer.name, WIDTH)), style="bold")
    title.append(f" of {model_name(result)}: {layer.op}{fused}", style="not bold")
    shape = (
        f"{plural(layer.filters, 'filter')} x {plural(layer.positions, 'position')} x "
        f"{plural(layer.reduction, 'term')}{groups}; counts are sums over "
        f"{images_in_words(result)}"
    )
    macs = (
        f"{count(layer.macs)} MACs, {percent(layer.effectual_macs / (layer.macs or 1))} effectual; "
        f"zeros: {percent(layer.weight_sparsity)} of weights, "
        f"{percent(layer.activation_sparsity)} of inputs, {percent(layer.output_sparsity)} of "
        "outputs"
    )
    return [title, Text(shape), Text(macs), Text(machine(result), style="dim")]


def _table(result: Result, layer: LayerRecord) -> RenderableType:
    own = own_scheme(result)
    table = plain_table("", *(f"{'▸ ' if s == own else ''}{s}" for s in result.schemes))
    records = [layer.schemes[s] for s in result.schemes]
    every = [layer.cycles[s] for s in result.schemes]

    def row(heading: str, *values: str, style: str = "") -> None:
        table.add_row(*cells(heading, *values), style=style)

    row("total cycles", *(count(c.total) for c in every), style="bold")
    row("  compute (DRAM free)", *(count(c.compute) for c in every))
    row("  memory (work free)", *(count(c.memory) for c in every))
    if result.baseline is not None:
        row("speedup", *(times(speedup(result, layer, s)) for s in result.schemes), style="bold")
    row("bound by", *(r.bound for r in records), style="bold")
    row("where the cycles go", style="dim")
    parts = [class_cycles(result, r, c) for r, c in zip(records, every, strict=True)]
    for kind in classes(result.accelerator.rules):
        row(f"  {kind.bound}: {kind.words}", *(count(part[kind.key]) for part in parts))
    least = floors(result, layer)
    if least:
        row("at the least", style="dim")
    for floor in least:
        row(f"  {floor.words}", *[count(floor.cycles)] * len(result.schemes))
    if result.accelerator.rules.skips_zeros:
        row("mean densities say", *(count(r.density.compute) for r in records))
        row("  off compute by", *(signed_percent(r.density.error) for r in records))
    row("DRAM", style="dim")
    for operand in ("activation", "weight", "output"):
        row(f"  {operand}s", *(bits(getattr(r.dram_bits, operand)) for r in records))
    return Group(Text(f"Speedups are {baseline(result)}.", style="dim"), table)


def _lifts(result: Result, layer: LayerRecord) -> list[RenderableType]:
    scheme = own_scheme(result)
    total = layer.cycles[scheme].total or 1
    parts: list[RenderableType] = []
    found = lifts(result, layer, scheme)
    for index, lift in enumerate(found):
        title = Text(
            f"Bound by {lift.bound}" if index == 0 else f"Besides, {lift.bound}", style="bold"
        )
        share = f"{percent(lift.cycles / total)} of total cycles"
        if index == 0 and any(other.cycles > lift.cycles for other in found):
            share = f"it sets the pace; multipliers wait for it in {share}"
        title.append(f" under {scheme}: {share}", style="not bold")
        parts.append(title)
        if lift.cause is not None:
            parts.append(_indented("", lift.cause.said))
            parts += [_indented("→", parameter) for parameter in lift.cause.parameters]
    if any(lift.cause is None for lift in found):
        unknown = " and ".join(lift.bound for lift in found if lift.cause is None)
        name = result.accelerator.rules.name
        parts.append(Text(f"What lifts {unknown} is not known of the machine {name}.", style="dim"))
    return parts


def _indented(mark: str, said: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3, justify="right")
    grid.add_column()
    grid.add_row(*cells(mark, said))
    return grid
