"""When what ended in a pass. Cycles and classes of whole layers are the machine's `count`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Tile = tuple[int, int]
"""Its number along the filters and along the positions."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """A pass, cycle by cycle, as the model has it.

    A tile and a step of K are the `Tiling`'s; a place is what works on a step by itself.

    Attributes:
        cycles: of the pass.
        tiles: in the order of the pass, counted from (0, 0).
        ends: int64, (tiles, steps of K, places along one or two axes): the cycle in which each
            place ended its work on each step of each tile, those behind the pass's end too; -1
            where it has none. With two axes the place (i, j) makes the result of a tile's filter i
            and position j; with one the place i makes those of filter i.
        place, step: what the machine calls them: `PE`, `window`.
        last_waits_for: what else a place waits for before a tile's last step, behind the first
            tile, where the pass drains; empty: nothing.
    """

    cycles: int
    tiles: tuple[Tile, ...]
    ends: NDArray[np.int64]
    place: str
    step: str
    last_waits_for: str = ""

    @property
    def rest(self) -> int:
        """The cycle in which the pass has ended, and all work."""
        return max(self.cycles, int(self.ends.max()))

    def place_of(self, filter_: int, position: int) -> tuple[int, ...]:
        """The place that makes a result, by its filter and position within the tile."""
        return (filter_, position)[: self.ends.ndim - 2]
