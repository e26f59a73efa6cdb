"""Cycles that a layer cannot go below on the inner-join array, from its shape alone.

No part of an estimate: bounds that `explain` and the summary set beside the exact cycles.
"""

from __future__ import annotations

from sparsesim.report.advice import Floors
from sparsesim.result.model import LayerRecord, Result


def floors(result: Result, layer: LayerRecord) -> Floors:
    """The floors of a layer: its busiest column drains; each PE takes a cycle a window or more.

    Source: docs/model.md, "Cycles of a pass".
    """
    machine = result.accelerator
    row_tiles = -(-layer.filters // machine.array.rows)
    column_tiles = _column_tiles(result, layer, machine.array.cols)
    return Floors(
        drain=drain_floor(result, layer, machine.array.cols),
        windows=row_tiles * column_tiles * -(-layer.reduction // machine.array.window),
    )


def drain_floor(result: Result, layer: LayerRecord, cols: int) -> int:
    """Results of the busiest column, one a cycle, summed over the images.

    Args:
        result: gives the runs that lie side by side.
        layer: the layer.
        cols: columns of the array.
    """
    return layer.filters * _column_tiles(result, layer, cols)


def occupancy(layer: LayerRecord, rows: int, cols: int, batch: int = 1) -> float:
    """Share of the PEs of an array that have a filter and a position of the layer, over its tiles.

    Args:
        layer: the layer.
        rows, cols: of the array.
        batch: runs side by side along the positions.
    """
    return _filled(layer.filters, rows) * _filled(layer.positions * batch, cols)


def _column_tiles(result: Result, layer: LayerRecord, cols: int) -> int:
    tiles = sum(-(-n * layer.positions // cols) for n in result.run_groups)
    return layer.groups * tiles


def _filled(items: int, width: int) -> float:
    return items / (-(-items // width) * width) if items else 0.0
