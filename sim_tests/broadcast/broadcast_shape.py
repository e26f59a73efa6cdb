"""The words of a pass's shape, as broadcast_pass_shape.v has them."""

from __future__ import annotations

from sparsesim.machines.broadcast.parameters import BroadcastArray

PARTS = {
    "rows": 16,
    "tiles": 16,
    "positions": 32,
    "full": 9,
    "rest": 11,
    "rest_groups": 11,
    "drains": 1,
}
"""Part -> its bits, in the order of the words."""


def shape_words(
    array: BroadcastArray, filters: int, positions: int, reduction: int, drains: bool
) -> dict[str, int]:
    """The words of a pass, by part."""
    tile, pes = array.tile_filters, array.pes
    last = (filters - 1) % tile + 1
    return {
        "rows": -(-reduction // pes),
        "tiles": -(-filters // tile),
        "positions": positions,
        "full": last // pes,
        "rest": last % pes,
        "rest_groups": -(-(last % pes) // array.units),
        "drains": int(drains),
    }
