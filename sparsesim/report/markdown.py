"""Markdown: the figures of a result as tables, for a repository or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sparsesim.figures import bits, count, percent, signed_percent, times
from sparsesim.report.classes import classes
from sparsesim.report.facts import (
    baseline,
    class_cycles,
    dram_bits,
    images,
    images_in_words,
    labels,
    model_name,
    own_scheme,
    speedup,
)
from sparsesim.report.notes import notes
from sparsesim.report.summary import host, outcome, provenance, setting, speedups
from sparsesim.result.model import LayerRecord, Result


def markdown(result: Result) -> str:
    """A result as Markdown (GitHub's tables)."""
    scheme = own_scheme(result)
    parts = [f"# {safe(model_name(result))} on a sparse accelerator"]
    parts += [f"> **Warning: {safe(warning)}**" for warning in result.warnings]
    parts.append(table(("", ""), setting(result)))
    parts += [
        f"## Speedup {baseline(result)}",
        table(("scheme", "speedup", "95 % interval", "cycles an image", "time"), speedups(result)),
        f"## Under {scheme}",
        table(("", ""), outcome(result)),
        "## Where cycles go",
        table(("class", "share of total cycles", "what it is"), _classes(result)),
        "## Layers",
        f"Cycles are under {scheme}, an image; speedups {baseline(result)}. "
        f"{images_in_words(result)}.",
        table(
            (
                *("layer", "op", "MACs", "effectual", "weight zeros", "input zeros"),
                *("compute", "memory", "total", "share", "speedup", "bound by"),
                *("density estimate off by", "DRAM"),
            ),
            _layers(result),
        ),
    ]
    parts += [f"- {safe(note)}" for note in notes(result)]
    parts += [
        "## On the host",
        "Not in the cycles.",
        table(("what", "how much"), host(result) or [("nothing", "")]),
        "## Made from",
        table(("", ""), provenance(result)),
    ]
    return "\n\n".join(parts) + "\n"


def _classes(result: Result) -> list[tuple[str, str, str]]:
    scheme = own_scheme(result)
    cycles = result.totals.cycles[scheme]
    shares = class_cycles(result, result.totals.schemes[scheme], cycles)
    return [
        (kind.words, percent(shares[kind.key] / (cycles.total or 1)), kind.means)
        for kind in classes(result.accelerator.rules)
    ]


def _layers(result: Result) -> Iterable[Sequence[str]]:
    names = labels(result.layers)
    return [_layer(result, layer, names[layer.name]) for layer in result.layers]


def _layer(result: Result, layer: LayerRecord, name: str) -> Sequence[str]:
    scheme, n = own_scheme(result), images(result)
    cycles, record = layer.cycles[scheme], layer.schemes[scheme]
    return (
        name,
        layer.op,
        count(layer.macs / n),
        percent(layer.effectual_macs / (layer.macs or 1)),
        percent(layer.weight_sparsity),
        percent(layer.activation_sparsity),
        count(cycles.compute / n),
        count(cycles.memory / n),
        count(cycles.total / n),
        percent(cycles.total / (result.totals.cycles[scheme].total or 1)),
        times(speedup(result, layer, scheme)),
        record.bound,
        signed_percent(record.density.error),
        bits(dram_bits(record) / n),
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns of numbers are aligned to the right."""
    rows = list(rows)
    rule = []
    for index in range(len(headings)):
        numbers = index > 0 and all(row[index][:1] in "0123456789+-" for row in rows)
        rule.append("---:" if numbers and len(headings) > 2 else "---")
    lines = [headings, rule, *([safe(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def safe(text: str) -> str:
    """Text in which nothing is Markdown: names may hold bars, stars and angle brackets."""
    return re.sub(r"([\\|`*<>\[\]~]|\b_|_\b)", r"\\\1", text).replace("\n", " ")
