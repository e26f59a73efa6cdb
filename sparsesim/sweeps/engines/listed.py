"""Engines that know all their points from the start: the grid, and points drawn from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from sparsesim.sweeps.engines.engine import Told
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.space import Left, Space

DRAWN = 100
"""Points where the file names no number."""


class _Listed:
    """All points at once."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._points: tuple[Point, ...] = tuple(points)
        self.total = len(self._points)

    def ask(self) -> Sequence[Point]:
        """All the first time, then none."""
        points, self._points = self._points, ()
        return points

    def tell(self, told: Iterable[Told]) -> None:
        """Nothing hangs on it."""


class Grid(_Listed):
    """All points of the space, or the first so many."""

    def __init__(self, space: Space, left: Left) -> None:
        super().__init__(islice(space.points(left), space.spec.points))


class Drawn(_Listed):
    """Different points, each as likely as the others."""

    def __init__(self, space: Space, left: Left) -> None:
        super().__init__(space.sample(space.spec.points or DRAWN, space.spec.seed, left))
