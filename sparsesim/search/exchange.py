"""A joint search: spend a given accuracy where the modelled accelerator gains most cycles.

What each threshold costs in right answers and saves in cycles by itself is known. First a knapsack:
the combination that saves most, if costs added up, at an allowance that is bisected until the
measured accuracy of all thresholds together just holds. Then, from there and from given thresholds,
raises: the one that saves most for what it costs, as long as the measured accuracy holds; and
exchanges: one threshold lowered, so that others can be raised. Of these ends and the given start,
the one with the fewest counted cycles is taken.
docs/decisions/search.md says why not Optuna.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesim.search.change import Change
from sparsesim.search.layerwise import Curve
from sparsesim.search.scoring import Scorer

_ROUNDS = 2  # of exchanges: one that finds nothing ends it earlier
_BISECTIONS = 6

Combination = tuple[int, ...]  # an index into each unit's grid, -1 for no threshold


@dataclass(frozen=True)
class Exchanged:
    """What the joint search found.

    Attributes:
        thresholds: for each unit; 0: none.
        right: right answers with all of them.
        tried: combinations whose accuracy was measured.
    """

    thresholds: tuple[float, ...]
    right: int
    tried: int


def exchange(
    scorer: Scorer,
    curves: Sequence[Curve],
    saved: Sequence[Sequence[float]],
    start: Sequence[int],
    price: Callable[[Sequence[float]], float],
    baseline: int,
    needed: int,
    progress: Callable[[int], Any] = lambda tried: None,
) -> Exchanged:
    """Search all units together.

    Args:
        scorer: made with the curves' units.
        curves: of an exhaustive layer-by-layer search; candidates that it gave up are left out.
        saved: cycles an image that each candidate saves by itself, in the order of the curves and
            their grids.
        start: an index into each grid, -1 for no threshold: where a second search starts.
        price: cycles under a threshold for each unit, 0 for none.
        baseline: right answers without thresholds.
        needed: right answers that all thresholds together must keep.
        progress: called with the number of combinations tried.
    """
    search = _Search(scorer, curves, saved, baseline, needed, progress)
    given = tuple(start)
    ends = [given] if search.right(given) is not None else []
    ends += [search.improved(begin) for begin in (search.packed(), given)]

    def limits(at: Combination) -> tuple[float, ...]:
        pairs = zip(curves, at, strict=True)
        return tuple(0.0 if k < 0 else curve.unit.grid[k] for curve, k in pairs)

    at = min(dict.fromkeys(ends), key=lambda end: price(limits(end)))
    right = search.right(at)
    assert right is not None  # it was kept because it is
    return Exchanged(limits(at), right, search.tried)


def pack(options: Sequence[Sequence[tuple[int, int, float]]], allowance: int) -> Combination:
    """One option of each unit, so that costs stay within an allowance and savings are the largest.

    Args:
        options: for each unit (index, cost, saving); -1, cost and saving 0, needn't be listed.
        allowance: 0 or more.
    Returns:
        the chosen index of each unit; of equal savings the one found first.
    """
    best = np.zeros(allowance + 1)  # saving by what may be spent so far
    chosen: list[np.ndarray] = []
    for unit in options:
        top, pick = best.copy(), np.full(allowance + 1, -1)
        for index, cost, saving in unit:
            if cost > allowance:
                continue
            reached = np.full(allowance + 1, -np.inf)
            reached[cost:] = best[: allowance + 1 - cost] + saving
            better = reached > top
            top[better], pick[better] = reached[better], index
        best = top
        chosen.append(pick)
    left, found = allowance, []
    for unit, pick in zip(reversed(options), reversed(chosen), strict=True):
        index = int(pick[left])
        left -= next((cost for k, cost, _ in unit if k == index), 0)
        found.append(index)
    return tuple(reversed(found))


class _Search:
    """Measures combinations once each."""

    def __init__(self, scorer, curves, saved, baseline, needed, progress) -> None:
        self.scorer: Scorer = scorer
        self.curves: Sequence[Curve] = curves
        self.saved: Sequence[Sequence[float]] = saved
        self.baseline, self.needed, self.progress = baseline, needed, progress
        self._measured: dict[Combination, int | None] = {(-1,) * len(curves): baseline}

    @property
    def tried(self) -> int:
        """Combinations whose accuracy was measured."""
        return len(self._measured) - 1

    def saving(self, at: Combination) -> float:
        return sum(self.saved[u][k] for u, k in enumerate(at) if k >= 0)

    def right(self, at: Combination) -> int | None:
        """Right answers with a combination, or None where they are too few."""
        if at not in self._measured:
            change = Change()
            for curve, k in zip(self.curves, at, strict=True):
                if k >= 0:
                    change |= curve.unit.change(self.scorer.replay.graph, curve.unit.grid[k])
            found = self.scorer.together(change, self.needed)
            self._measured[at] = found if found is not None and found >= self.needed else None
            self.progress(self.tried)
        return self._measured[at]

    def packed(self) -> Combination:
        """The best knapsack whose measured accuracy holds."""
        options = [
            [(k, self._cost(u, k), self.saved[u][k]) for k in self._allowed(u, -1)]
            for u in range(len(self.curves))
        ]
        low, high = 0, max(1, 2 * (self.baseline - self.needed))
        found = (-1,) * len(self.curves)
        for _ in range(_BISECTIONS):
            at = pack(options, high)
            if self.right(at) is None:
                break
            found = max(found, at, key=self.saving)
            low, high = high, 2 * high
        for _ in range(_BISECTIONS):
            if high - low <= 1:
                break
            middle = (low + high) // 2
            at = pack(options, middle)
            if self.right(at) is None:
                high = middle
            else:
                low = middle
                found = max(found, at, key=self.saving)
        return found

    def improved(self, at: Combination) -> Combination:
        """A combination raised and exchanged until nothing more is found."""
        if self.right(at) is None:
            at = (-1,) * len(self.curves)
        at = self._raised(at, None)
        for _ in range(_ROUNDS):
            before = at
            for u in range(len(at)):
                at = self._exchanged(at, u)
            if at == before:
                break
        return at

    def _raised(self, at: Combination, still: int | None) -> Combination:
        """Thresholds raised until none can be; that of unit `still` stays."""
        while True:
            for higher in self._bargains(at, still):
                if self.right(higher) is not None:
                    at = higher
                    break
            else:
                return at

    def _exchanged(self, at: Combination, u: int) -> Combination:
        """Unit `u` lowered, and others raised for it, where that saves more."""
        if at[u] < 0:
            return at
        lower = max((k for k in self._allowed(u, -1) if k < at[u]), default=-1)
        # Losses don't add up: what is lowered need not hold before another one is raised.
        for other in self._bargains((*at[:u], lower, *at[u + 1 :]), u):
            if self.saving(other) > self.saving(at) and self.right(other) is not None:
                return self._raised(self._raised(other, u), None)
        return at

    def _bargains(self, at: Combination, still: int | None) -> Iterator[Combination]:
        """Combinations with one threshold raised, the most cycles for a right answer first."""
        found = []
        for u in range(len(at)):
            if u == still:
                continue
            now = self.saved[u][at[u]] if at[u] >= 0 else 0.0
            spent = self._cost(u, at[u])
            for k in self._allowed(u, at[u]):
                gain = self.saved[u][k] - now
                if gain > 0:
                    found.append((gain / max(1, self._cost(u, k) - spent), gain, u, k))
        for _, _, u, k in sorted(found, reverse=True):
            yield (*at[:u], k, *at[u + 1 :])

    def _allowed(self, u: int, above: int) -> list[int]:
        """Candidates of a unit above an index that the layer-by-layer search did not give up."""
        right = self.curves[u].right
        return [k for k in range(above + 1, len(right)) if right[k] is not None]

    def _cost(self, u: int, k: int) -> int:
        """Right answers that a candidate loses by itself; one that wins some costs nothing."""
        right = self.curves[u].right[k] if k >= 0 else None
        return 0 if right is None else max(0, self.baseline - right)
