"""A word where skipping gains nothing: layers bound by DRAM, by what else sets the pace of their
machine, or stored dearer than dense."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim.figures import percent
from sparsesim.report.dearer_formats import dearer_formats
from sparsesim.report.facts import by_cycles, own_scheme
from sparsesim.report.floors import pacing
from sparsesim.report.naming import fitted
from sparsesim.result.model import LayerRecord, Result

_NAMED = 3


def notes(result: Result) -> list[str]:
    """Sentences on layers in which fewer MACs save no cycles, and on schemes that do less than
    their name says; none where there are none."""
    scheme = own_scheme(result)
    layers = by_cycles(result)
    dram = [layer for layer in layers if layer.schemes[scheme].bound == "dram"]
    paced: dict[str, list[LayerRecord]] = {}
    for layer in layers:
        if layer not in dram:
            for floor in pacing(result, layer, scheme):
                paced.setdefault(floor.said, []).append(layer)
    found = []
    if dram:
        found.append(f"{_named(result, dram)}: bound by DRAM; skipping more gains nothing there")
    found += [f"{_named(result, slow)}: {said}" for said, slow in paced.items() if said]
    return [*found, *dearer_formats(result), *_of_schemes(result)]


def _of_schemes(result: Result) -> list[str]:
    """What schemes do not do on this array, by the machine's words."""
    rules, array = result.accelerator.rules, result.accelerator.array
    told = [(name, rules.scheme_note(rules.scheme(name), array)) for name in result.schemes]
    return [f"{name}: {note}" for name, note in told if note]


def _named(result: Result, layers: Sequence[LayerRecord]) -> str:
    scheme = own_scheme(result)
    whole = result.totals.cycles[scheme].total or 1
    names = fitted([layer.name for layer in result.layers], 30)
    said = ", ".join(names[layer.name] for layer in layers[:_NAMED])
    if len(layers) > _NAMED:
        said += f" and {len(layers) - _NAMED} more"
    share = sum(layer.cycles[scheme].total for layer in layers) / whole
    return f"{said} ({percent(share)} of cycles)"
