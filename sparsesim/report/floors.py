"""Cycles that a layer cannot go below on the inner-join array, from its shape alone.

No part of an estimate: bounds that `explain` and the summary set beside the exact cycles.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparsesim.report.facts import accelerator
from sparsesim.result.model import LayerRecord, Result


@dataclass(frozen=True)
class Floors:
    """Least compute cycles of a layer, summed over the images.

    Attributes:
        drain: each column passes one result a cycle: the results of its busiest column.
        windows: each PE takes at least one cycle a window: tiles times windows of K.
    """

    drain: int
    windows: int


def floors(result: Result, layer: LayerRecord) -> Floors | None:
    """The floors of a layer; None on a datapath whose rules are others.

    Source: docs/model.md, "Cycles of a pass".
    """
    machine = accelerator(result)
    if machine.datapath != "inner_join":
        return None
    row_tiles = -(-layer.filters // machine.rows)
    column_tiles = _column_tiles(result, layer, machine.cols)
    return Floors(
        drain=drain_floor(result, layer, machine.cols),
        windows=row_tiles * column_tiles * -(-layer.reduction // machine.window),
    )


def drain_floor(result: Result, layer: LayerRecord, cols: int) -> int:
    """Results of the busiest column, one a cycle, summed over the images.

    Args:
        result: gives the images of each run.
        layer: the layer.
        cols: columns of the array.
    """
    return layer.filters * _column_tiles(result, layer, cols)


def occupancy(layer: LayerRecord, rows: int, cols: int, batch: int = 1) -> float:
    """Share of the PEs of an array that have a filter and a position of the layer, over its tiles.

    Args:
        layer: the layer.
        rows, cols: of the array.
        batch: images side by side along the positions.
    """
    return _filled(layer.filters, rows) * _filled(layer.positions * batch, cols)


def _column_tiles(result: Result, layer: LayerRecord, cols: int) -> int:
    tiles = sum(-(-n * layer.positions // cols) for n in result.per_image.images)
    return layer.groups * tiles


def _filled(items: int, width: int) -> float:
    return items / (-(-items // width) * width) if items else 0.0
