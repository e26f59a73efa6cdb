"""The paper's search: the highest threshold of each layer, the others untouched, then all at once.

Source: Loroch et al. 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sparsesim.search.scoring import Scorer
from sparsesim.search.units import Unit


@dataclass(frozen=True)
class Curve:
    """One unit's candidates.

    Attributes:
        unit: whose threshold it is.
        right: right answers at each threshold of its grid; None: fewer than needed, or not run
            since a higher one keeps the accuracy.
        chosen: index of the highest threshold that keeps the accuracy; None: there is none.
    """

    unit: Unit
    right: tuple[int | None, ...]
    chosen: int | None

    @property
    def threshold(self) -> float:
        """The chosen one, or 0."""
        return 0.0 if self.chosen is None else self.unit.grid[self.chosen]


def layerwise(
    scorer: Scorer,
    units: Sequence[Unit],
    needed: int,
    exhaustive: bool = False,
    progress: Callable[[int, int], Any] = lambda done, total: None,
) -> tuple[Curve, ...]:
    """Search each unit by itself.

    Args:
        scorer: made with these units.
        units: what gets a threshold each.
        needed: right answers that keep the accuracy.
        exhaustive: also run thresholds below the chosen one.
        progress: called with the candidates done and all of them.
    Returns:
        a curve for each unit.
    """
    total = sum(len(unit.grid) for unit in units)
    counts: dict[tuple[int, int], int] = {
        (u, k): 0 for u, unit in enumerate(units) for k in range(len(unit.grid))
    }
    seen = chunks = 0
    for chunk in scorer.chunks():
        chunks += 1
        images = sum(len(batch.labels) for batch in chunk)
        left = scorer.total - seen - images
        for u, unit in enumerate(units):
            for k in reversed(range(len(unit.grid))):  # from the highest down
                if (u, k) not in counts:
                    continue
                missing = needed - counts[u, k] - left
                count = scorer.candidate(chunk, unit, unit.grid[k], missing)
                if count is None:
                    del counts[u, k]
                else:
                    counts[u, k] += count
                    if images == scorer.total and not exhaustive:  # the highest is found
                        for lower in range(k):
                            del counts[u, lower]
                        break
                progress(sum(len(other.grid) for other in units[:u]) + len(unit.grid) - k, total)
        seen += images
    curves = []
    for u, unit in enumerate(units):
        right = tuple(counts.get((u, k)) for k in range(len(unit.grid)))
        kept = [k for k, count in enumerate(right) if count is not None]
        curves.append(Curve(unit, right, max(kept, default=None)))
    return tuple(curves)
