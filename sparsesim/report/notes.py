"""A word where skipping gains nothing: layers bound by DRAM, by the drain of their results, or
stored dearer than dense."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim.report.advice import floors
from sparsesim.report.dearer_formats import dearer_formats
from sparsesim.report.facts import by_cycles, own_scheme
from sparsesim.report.figures import percent
from sparsesim.report.naming import fitted
from sparsesim.result.model import LayerRecord, Result

NEAR = 0.8
"""A layer is at a floor where the floor is at least this share of its compute cycles."""
_NAMED = 3


def notes(result: Result) -> list[str]:
    """Sentences on layers in which fewer MACs save no cycles; none where there are none."""
    scheme = own_scheme(result)
    layers = by_cycles(result)
    dram = [layer for layer in layers if layer.schemes[scheme].bound == "dram"]
    drain = [layer for layer in layers if layer not in dram and at_drain(result, layer, scheme)]
    found = []
    if dram:
        found.append(f"{_named(result, dram)}: bound by DRAM; skipping more gains nothing there")
    if drain:
        found.append(
            f"{_named(result, drain)}: the drain of results, one a cycle and column, "
            "sets the pace; skipping more gains little there"
        )
    return [*found, *dearer_formats(result)]


def at_drain(result: Result, layer: LayerRecord, scheme: str) -> bool:
    """Whether the drain of results is what bounds a layer, or is nearly."""
    floor = floors(result, layer)
    near = floor is not None and floor.drain >= NEAR * layer.cycles[scheme].compute
    return layer.schemes[scheme].bound == "drain" or near


def _named(result: Result, layers: Sequence[LayerRecord]) -> str:
    scheme = own_scheme(result)
    whole = result.totals.cycles[scheme].total or 1
    names = fitted([layer.name for layer in result.layers], 30)
    said = ", ".join(names[layer.name] for layer in layers[:_NAMED])
    if len(layers) > _NAMED:
        said += f" and {len(layers) - _NAMED} more"
    share = sum(layer.cycles[scheme].total for layer in layers) / whole
    return f"{said} ({percent(share)} of cycles)"
