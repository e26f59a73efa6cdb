"""What a machine asks of whoever cuts a layer into passes. It cuts nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from sparsesim.errors import SpecError


@dataclass(frozen=True)
class Tiling:
    """In which steps a layer may be cut; each 1 or more.

    Attributes:
        filters, positions: of a tile; a pass has a multiple of them, or ends the layer.
        elements: of K; where K is cut, a pass has a multiple of them, or ends it.
        sums_stay: the sums of a tile stay in the machine from a pass to the next one of the same
            tile. Where they don't, K cannot be cut.
    Raises:
        SpecError: one is below 1.
    """

    filters: int
    positions: int
    elements: int
    sums_stay: bool = True

    def __post_init__(self) -> None:
        for key in ("filters", "positions", "elements"):
            given = getattr(self, key)
            if given < 1:
                raise SpecError(f"tiling: {key} {given} is out of range; use 1 or more")

    def tiles(self, filters: int, positions: int) -> int:
        """Tiles of so many filters and positions."""
        return -(-filters // self.filters) * -(-positions // self.positions)
