"""The terminal summary: what a person reads in ten seconds, at 80 columns."""

from __future__ import annotations

from rich.box import HEAVY
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sparsesim.figures import (
    bits,
    count,
    kib,
    milliseconds,
    percent,
    plural,
    signed_percent,
    times,
)
from sparsesim.report.classes import classes
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import (
    accuracy_in_words,
    baseline,
    by_cycles,
    class_cycles,
    coverage_in_words,
    dense,
    dram_bits,
    energy_in_words,
    images,
    images_in_words,
    inputs_name,
    interval_in_words,
    iso_resource_in_words,
    machine,
    model_name,
    output_error_in_words,
    own_scheme,
    skips_zeros,
    speedup,
    worst_in_words,
)
from sparsesim.report.naming import fitted
from sparsesim.report.notes import notes
from sparsesim.report.on_device import other_warnings, shares_in_words, shortage
from sparsesim.result.model import Result

BAR = 24
SPEED_BAR = 14
LEFT = 26
"""Columns that the numbers of the schemes leave to their names and bars."""
LEAST = 0.005
LAYERS = 5


def text(result: Result) -> RenderableType:
    """The summary of a result.

    Args:
        result: of an estimate.
    Returns:
        for a rich console; `console.plain` makes text of it.
    """
    parts: list[RenderableType] = [*_header(result), *_warnings(result), Text()]
    parts += [_speedups(result), *_beside(result), Text()]
    if result.layers:
        parts += [_where(result), Text(), _layers(result)]
        parts += [Text(f"! {note}", style="yellow") for note in notes(result)]
        parts.append(Text())
    parts.append(_rest(result))
    return Group(*parts)


def _header(result: Result) -> list[Text]:
    a, device = result.accelerator, result.device
    title = Text(f"{model_name(result)}, {images_in_words(result)}", style="bold")
    title.append(f" from {inputs_name(result)}", style="not bold dim")
    title.append("".join(f"; {step}" for step in result.model.rewrites), style="not bold")
    where = (
        f"{device['name']}, DRAM {device['dram_gb_per_s']} GB/s; "
        f"clock {a.clock_mhz:g} MHz (an assumption)"
    )
    lines = [title, Text(machine(result), style="dim"), Text(where, style="dim")]
    short = shortage(result)
    return [Text(f"! {short}", style="bold red"), *lines] if short else lines


def _warnings(result: Result) -> list[RenderableType]:
    found: list[RenderableType] = []
    for warning in other_warnings(result):
        loud = result.inputs.random and warning.startswith("inputs are random")
        found.append(
            Panel(
                Text(warning, style="bold red" if loud else "yellow"),
                title="RANDOM INPUTS" if loud else "warning",
                title_align="left",
                box=HEAVY,
                border_style="bold red" if loud else "yellow",
            )
        )
    return found


def _speedups(result: Result) -> RenderableType:
    clock = result.accelerator.clock_mhz
    against = ("speedup", "95 % interval") if result.speedup else ()
    table = plain_table("  scheme", *against, "cycles/image", "time/image")
    table.add_column(no_wrap=True, overflow="crop")
    bars = min(SPEED_BAR, LEFT - max(map(len, result.schemes)))
    slowest = max(result.totals.cycles[s].total for s in result.schemes) or 1
    for scheme in result.schemes:
        mine = scheme == own_scheme(result)
        cycles = result.totals.cycles[scheme].total
        bar = "▇" * max(1, round(bars * cycles / slowest))
        each = cycles / images(result)
        table.add_row(
            *cells(
                f"{'▸' if mine else ' '} {scheme}",
                *(
                    (times(result.speedup[scheme]), interval_in_words(result, scheme))
                    if against
                    else ()
                ),
                count(each),
                milliseconds(each, clock),
                Text(bar, style="green" if mine else "dim"),
            ),
            style="bold" if mine else "",
        )
    return Group(Text(f"Speedup {baseline(result)}", style="bold"), table)


def _beside(result: Result) -> list[RenderableType]:
    """What must stand beside a speedup."""
    statistics = result.images[own_scheme(result)]
    spread = (
        f"p50 {count(statistics.p50)}, p95 {count(statistics.p95)}, worst "
        f"{count(statistics.worst)} cycles ({worst_in_words(result, own_scheme(result))})"
    )
    estimate = result.totals.schemes[own_scheme(result)].density
    density = (
        f"alone says {count(estimate.compute / images(result))} compute "
        f"cycles/image: off by {signed_percent(estimate.error)}"
    )
    return [
        _pairs(
            ("equal FPGA", iso_resource_in_words(result)),
            ("device", shares_in_words(result)),
            ("output error", output_error_in_words(result)),
            ("top-1", accuracy_in_words(result)),
            ("image", spread),
            *([("mean density", density)] if skips_zeros(result) else []),
        )
    ]


def _where(result: Result) -> RenderableType:
    scheme = own_scheme(result)
    totals = result.totals
    cycles = class_cycles(result, totals.schemes[scheme], totals.cycles[scheme])
    whole = totals.cycles[scheme].total or 1
    table = plain_table("", "", "", left=1, show_header=False)
    table.columns[2].justify = "left"
    for kind in sorted(classes(result.accelerator.rules), key=lambda kind: -cycles[kind.key]):
        share = cycles[kind.key] / whole
        if share < LEAST:
            continue
        bar = Text("█" * max(1, round(share * BAR)), style=kind.colour)
        bar.append(f" {kind.means}", style="dim")
        row = cells(f"  {kind.words}", percent(share), bar)
        for column, cell in zip(
            table.columns[:2], row[:2], strict=True
        ):  # only what bars mean is cut
            column.min_width = max(column.min_width or 0, cell.cell_len)
        table.add_row(*row)
    title = Text("Where cycles go", style="bold")
    title.append(f" under {scheme}, share of all {count(whole)} cycles", style="not bold dim")
    return Group(title, table)


def _layers(result: Result) -> RenderableType:
    scheme = own_scheme(result)
    whole = result.totals.cycles[scheme].total or 1
    chosen = by_cycles(result)[:LAYERS]
    names = fitted([layer.name for layer in result.layers], 30)
    title = f"  {len(chosen)} of {plural(len(result.layers), 'layer')}, by cycles"
    against = ("speedup",) if result.speedup else ()
    table = plain_table(title, "share", *against, "weight 0s", "input 0s", "bound by")
    for layer in chosen:
        table.add_row(
            *cells(
                f"  {names[layer.name]}",
                percent(layer.cycles[scheme].total / whole),
                *(times(speedup(result, layer, scheme)) for _ in against),
                percent(layer.weight_sparsity),
                percent(layer.activation_sparsity),
                layer.schemes[scheme].bound,
            )
        )
    return table


def _rest(result: Result) -> RenderableType:
    scheme, totals = own_scheme(result), result.totals
    a, record, weights = result.accelerator, totals.schemes[scheme], totals.weight_storage
    operators = ", ".join(f"{n} {op}" for op, n in result.host.operators.items())
    hosted = f"{operators}; not in the cycles" if operators else "nothing"
    dram, all_dense = f"{bits(dram_bits(record) / images(result))} an image", dense(result)
    if all_dense is not None:
        dram += f"; dense {bits(dram_bits(all_dense) / images(result))}"
    stored = (
        f"{bits(weights.encoded)} as {a.weight_format} ({kib(weights.encoded)}); "
        f"dense {bits(weights.dense)}"
    )
    lines = [
        (
            "MACs",
            f"{count(totals.macs / images(result))} an image, "
            f"{percent(totals.effectual_macs / (totals.macs or 1))} effectual; "
            f"utilisation {percent(record.utilisation)}",
        ),
        (
            "on the host",
            f"{hosted}. MAC coverage {coverage_in_words(result)}",
        ),
        ("weights", stored),
        ("DRAM", dram),
        (
            "energy",
            energy_in_words(result),
        ),
    ]
    return _pairs(*lines)


def _pairs(*lines: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, width=14)
    table.add_column(overflow="fold")
    for name, said in lines:
        table.add_row(*cells(f"  {name}", said))
    return table
