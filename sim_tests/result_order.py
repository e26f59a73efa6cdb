"""The order in which a column's results leave the array: docs/machines/inner_join.md, "Tiles" and
"Drain".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One result of a column.

    Attributes:
        filter: its number in the pass.
        position_tile: likewise.
        ends_tile: the last active row of its tile.
        closes: the last channel of its position that comes without another position between.
    """

    filter: int
    position_tile: int
    ends_tile: bool
    closes: bool


def results_of_pass(
    rows: int, filters: int, position_tiles: int, positions_inner: bool
) -> list[Result]:
    """All results of one column.

    Args:
        rows: of the array.
        filters: of the pass.
        position_tiles: in which the column is active.
        positions_inner: the loop order; else `filters_inner`.
    """
    tiles = range(-(-filters // rows))
    if positions_inner:
        order = [(tile, position) for tile in tiles for position in range(position_tiles)]
    else:
        order = [(tile, position) for position in range(position_tiles) for tile in tiles]
    results = []
    for tile, position in order:
        last = min((tile + 1) * rows, filters) - 1
        for number in range(tile * rows, last + 1):
            ends = number == last
            closes = ends and (positions_inner or last == filters - 1)
            results.append(Result(number, position, ends, closes))
    return results
