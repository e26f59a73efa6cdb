"""Cuts of a network on the terminal: the cheapest, and those behind its blocks."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.cuts import Cuts, RankedCut
from sparsesim.figures import octets, percent, plural
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import file_name, source_name
from sparsesim.report.heading import images_and_runs, warned
from sparsesim.report.naming import fitted

_NAME = 24
_COLUMNS = ("zeros", "dense", "sent", "p95", "as", "MACs")


def cuts_text(cuts: Cuts, top: int) -> RenderableType:
    """The report.

    Args:
        cuts: of `rank_cuts`.
        top: how many of the cheapest to show, 1 or more.
    """
    labels = fitted([cut.behind for cut in cuts.cuts], _NAME - len(" +99"))
    shown = cuts.cuts[:top]
    title = f"{len(shown)} of {plural(len(cuts.cuts), 'cut')}, the fewest bytes first"
    parts: list[RenderableType] = [*_header(cuts), Text()]
    parts += [Text(title, style="bold"), _table(shown, labels), Text()]
    parts += [Text("Behind each block", style="bold"), _blocks(cuts), Text()]
    parts += [Text(line, style="dim") for line in _notes(cuts)]
    return Group(*parts)


def _header(cuts: Cuts) -> list[RenderableType]:
    file, inputs = file_name(cuts.model), source_name(cuts.inputs)
    runs = images_and_runs(cuts.images, cuts.images_per_run)
    title = Text(f"Where to cut {file}", style="bold")
    title.append(f", {runs} from {inputs}", style="not bold dim")
    title.append("".join(f"; {step}" for step in cuts.rewrites), style="not bold")
    found: list[RenderableType] = [title]
    if cuts.random_inputs:
        found.append(Text("INPUTS ARE RANDOM: zeros mean nothing", style="bold red"))
    return found + warned(cuts.warnings)


def _table(shown: Iterable[RankedCut], labels: dict[str, str]) -> Table:
    table = plain_table("     behind", *_COLUMNS, gap=1)
    for cut in shown:
        more = f" +{len(cut.sent.tensors) - 1}" if len(cut.sent.tensors) > 1 else ""
        name = labels[cut.behind] + more
        mark = "▸" if cut.is_frontier else " "
        table.add_row(*cells(f"{cut.rank:>3}{mark} {name}", *_numbers(cut)))
    return table


def _numbers(cut: RankedCut) -> list[str]:
    best = cut.sent.bytes[cut.sent.best]
    return [
        percent(cut.sent.sparsity),
        octets(cut.sent.bytes["dense"].mean),
        octets(best.mean),
        octets(best.p95),
        cut.sent.best,
        _in_front(cut),
    ]


def _in_front(cut: RankedCut) -> str:
    """The share of MACs in front, which may be a bound."""
    if cut.macs_in_front_is == "unknown":
        return "?"
    sign = {"exact": "", "at most": "<= ", "at least": ">= "}[cut.macs_in_front_is]
    return f"{sign}{percent(cut.macs_in_front)}"


def _blocks(cuts: Cuts) -> RenderableType:
    by_rank = {cut.rank: cut for cut in cuts.cuts}
    table = plain_table("rank  block", *_COLUMNS, gap=1)
    labels = fitted([block.block for block in cuts.blocks], _NAME - 1)
    inside = 0
    for block in cuts.blocks:
        if block.rank is None:
            inside += 1
        else:
            cut = by_rank[block.rank]
            name = f"{cut.rank:>4}  {labels[block.block]}"
            table.add_row(*cells(name, *_numbers(cut)))
    said = f"  {plural(inside, 'block')} more: no cut by the tensor that leaves it alone"
    return Group(table, Text(said, style="dim")) if inside else table


def _notes(cuts: Cuts) -> Iterable[str]:
    if cuts.given is not None:
        given = cuts.given
        yield (
            f"The inputs themselves: {octets(given.bytes['dense'].mean)} dense, "
            f"{octets(given.bytes[given.best].mean)} as {given.best}."
        )
    yield "sent: mean bytes an image, each tensor encoded by itself, in the best format."
    yield "MACs: share in front of the cut. +1: one more tensor crosses."
    yield "▸ no cut with as few MACs in front sends less."
    if cuts.float_bits is not None:
        yield f"Float values are priced at {cuts.float_bits} bits."
    if cuts.unpriced:
        yield f"{plural(cuts.unpriced, 'cut')} left out: something but numbers crosses."
    if cuts.uncounted:
        yield (
            f"MACs unknown: {', '.join(cuts.uncounted)}; shares are at most (<=) or at least (>=) "
            "what is given."
        )
