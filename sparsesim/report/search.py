"""A search on the terminal and as Markdown: the paper's tables, and cycles beside each sparsity."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from sparsesim.figures import count, percent, plural, times
from sparsesim.machines import machine_named
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import no_baseline
from sparsesim.report.heading import warned
from sparsesim.report.naming import fitted
from sparsesim.search.result import Score, SearchResult

_NAME_WIDTH = 22


def search_report(result: SearchResult) -> RenderableType:
    """What was found, block by block, what it costs in accuracy and saves in cycles."""
    parts = warned(result.warnings)
    parts += [*_blocks(result), Text()]
    parts += [Text(line) for line in accuracy_lines(result)]
    parts += [Text(), *_cycles(result)]
    if any(unit.kind == "activations" for unit in result.units):
        parts += [Text(), *_activations(result)]
    if result.joint:
        parts += [Text(), *_joint(result)]
    return Group(*parts)


def accuracy_lines(result: SearchResult) -> list[str]:
    """Accuracy on both parts, in words."""

    def words(what: str, score: Score) -> str:
        before, after = score.baseline / score.images, score.together / score.images
        return (
            f"{what:<7} {count(score.images)} images: top-1 {percent(before, 2)} before, "
            f"{percent(after, 2)} after, relative {percent(score.relative, 2)}"
        )

    return [words("search", result.search), words("test", result.test)]


def _blocks(result: SearchResult) -> list[RenderableType]:
    table = plain_table("layer or block", "threshold", "weights 0", "act. 0", "before", "weights")
    kept = percent(result.keep, 2 if result.keep < 1 else 0)
    title = f"Thresholds of {result.what}; each keeps {kept} of the right answers by itself"
    limits = {unit.name: unit.threshold for unit in result.units if unit.kind == "weights"}
    labels = fitted([row.name for row in result.blocks], _NAME_WIDTH, strip=False)
    for row in result.blocks:
        limit = f"{limits[row.name]:.3g}" if row.name in limits else "-"
        table.add_row(
            *cells(
                labels[row.name],
                limit,
                percent(row.weight_sparsity),
                percent(row.activation_sparsity),
                percent(row.activation_sparsity_before),
                count(row.weights),
            )
        )
    total = count(result.weights)
    table.add_row(*cells("all", "", percent(result.weight_sparsity), "", "", total))
    note = "act. 0: of the tensor that leaves it, test images; before: without thresholds"
    return [Text(title, style="bold"), table, Text(note, style="dim")]


def _cycles(result: SearchResult) -> list[RenderableType]:
    dense, schemes = result.baseline, tuple(result.cycles)
    compared = ("speedup", "before") if dense else ()
    table = plain_table("layer or block", *schemes, *compared)
    images = plural(result.cycle_images, "image")
    title = f"Cycles an image with the thresholds, memory included ({images})"
    labels = fitted([row.name for row in result.blocks], _NAME_WIDTH, strip=False)
    found = [(labels[row.name], row.cycles, row.cycles_before) for row in result.blocks]
    for name, after, before in (*found, ("all", result.cycles, result.cycles_before)):
        if after:
            faster = [times(one[dense] / one[result.scheme]) for one in (after, before) if dense]
            table.add_row(*cells(name, *(count(after[scheme]) for scheme in schemes), *faster))
    note = f"without speedups: {no_baseline(machine_named(result.machine))}"
    if dense:
        note = (
            f"speedup: {result.scheme} over {dense} on the same array; before: without thresholds"
        )
    return [Text(title, style="bold"), table, Text(note, style="dim")]


def _activations(result: SearchResult) -> list[RenderableType]:
    table = plain_table("output of layer", "threshold")
    labels = fitted([unit.name for unit in result.units], 2 * _NAME_WIDTH, strip=False)
    for unit in result.units:
        if unit.kind == "activations":
            limit = f"{unit.threshold:.3g}" if unit.threshold else "none keeps the accuracy"
            table.add_row(*cells(labels[unit.name], limit))
    return [Text("Thresholds behind layers", style="bold"), table]


def _joint(result: SearchResult) -> list[RenderableType]:
    joint = result.joint
    assert joint is not None
    compared = ("speedup",) if result.baseline else ()
    table = plain_table("search", "right, search", "right, test", "cycles", *compared)
    title = (
        f"Joint search for {joint.scheme} cycles: {count(joint.needed)} of "
        f"{count(result.search.images)} must be right, {count(joint.tried)} tried"
    )
    dense = result.cycles_before[result.baseline] if result.baseline else 0.0
    for name, right, test, cycles in (
        ("layer by layer", joint.layerwise, joint.layerwise_test, joint.layerwise_cycles),
        ("joint", joint.exchanged, joint.exchanged_test, joint.exchanged_cycles),
    ):
        found = cycles[joint.scheme]
        faster = [times(dense / found)] if result.baseline else []
        table.add_row(*cells(name, count(right), count(test), count(found), *faster))
    parts: list[RenderableType] = [Text(title, style="bold"), table]
    if result.baseline:
        note = f"speedup: over the scheme {result.baseline} without thresholds"
        parts.append(Text(note, style="dim"))
    return parts
