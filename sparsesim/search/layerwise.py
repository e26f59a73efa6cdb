"""The paper's search: the highest threshold of each layer, the others untouched, then all at once.

Source: Loroch et al. 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparsesim.search.keeping import Kept
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
    if exhaustive:
        return _all_curves(scorer, units, needed, lambda done: progress(done, total))
    return _highest(scorer, units, needed, lambda done: progress(done, total))


def _highest(
    scorer: Scorer, units: Sequence[Unit], needed: int, progress: Callable[[int], Any]
) -> tuple[Curve, ...]:
    """From the highest threshold of each unit down to the first that keeps the accuracy.

    One goes on from chunk to chunk. Where it fails behind the first, which the hardest images being
    first makes rare, the next one has to begin with the first chunk again.
    """
    tried = [len(unit.grid) - 1 for unit in units]
    right: list[dict[int, int]] = [{} for _ in units]
    waiting = [u for u, unit in enumerate(units) if unit.grid]

    def candidate(chunk: list[Kept], u: int, least: int) -> int | None:
        count = scorer.candidate(chunk, units[u], units[u].grid[tried[u]], least)
        if count is None:
            tried[u] -= 1
        progress(
            sum(
                len(unit.grid) if found else len(unit.grid) - 1 - k
                for unit, k, found in zip(units, tried, right, strict=True)
            )
        )
        return count

    while waiting:
        counts = dict.fromkeys(waiting, 0)
        seen = 0
        for chunk in scorer.chunks():
            images = sum(len(batch.labels) for batch in chunk)
            left = scorer.total - seen - images
            for u in list(counts):
                count = candidate(chunk, u, needed - counts[u] - left)
                while count is None and seen == 0 and tried[u] >= 0:
                    count = candidate(chunk, u, needed - left)
                if count is None:
                    del counts[u]
                else:
                    counts[u] += count
            seen += images
            if not counts:
                break
        for u, count in counts.items():
            right[u][tried[u]] = count
        waiting = [u for u in waiting if u not in counts and tried[u] >= 0]
    return tuple(_curve(unit, right[u]) for u, unit in enumerate(units))


def _all_curves(
    scorer: Scorer, units: Sequence[Unit], needed: int, progress: Callable[[int], Any]
) -> tuple[Curve, ...]:
    """All thresholds that keep the accuracy, also those below the highest."""
    left_over = {(u, k): 0 for u, unit in enumerate(units) for k in range(len(unit.grid))}
    total, seen = len(left_over), 0
    for chunk in scorer.chunks():
        images = sum(len(batch.labels) for batch in chunk)
        left = scorer.total - seen - images
        for done, ((u, k), before) in enumerate(list(left_over.items())):
            count = scorer.candidate(chunk, units[u], units[u].grid[k], needed - before - left)
            if count is None:
                del left_over[u, k]
            else:
                left_over[u, k] += count
            progress(total * (seen * total + images * done) // (scorer.total * total))
        seen += images
    return tuple(
        _curve(unit, {k: left_over[u, k] for k in range(len(unit.grid)) if (u, k) in left_over})
        for u, unit in enumerate(units)
    )


def _curve(unit: Unit, right: Mapping[int, int]) -> Curve:
    counts = tuple(right.get(k) for k in range(len(unit.grid)))
    return Curve(unit, counts, max(right, default=None))
