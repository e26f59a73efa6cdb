"""Engines that know all their points from the start: the grid, and points drawn from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from sparsesim.sweeps.engines.engine import Told
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.space import Left, Space

DRAWN = 100
"""Points where the file names no number."""


_AT_ONCE = 4096  # points are made when it is their turn: a million would fill the memory


class _Listed:
    """Points by their numbers."""

    def __init__(self, space: Space, numbers: Iterable[int]) -> None:
        self._space = space
        self._numbers = np.fromiter(numbers, np.int64)
        self.total = len(self._numbers)

    def ask(self) -> Sequence[Point]:
        """The next of them."""
        numbers, self._numbers = self._numbers[:_AT_ONCE], self._numbers[_AT_ONCE:]
        points = (self._space.point(int(number)) for number in numbers)
        return [point for point in points if point is not None]

    def tell(self, told: Iterable[Told]) -> None:
        """Nothing hangs on it."""


class Grid(_Listed):
    """All points of the space, or the first so many."""

    def __init__(self, space: Space, left: Left) -> None:
        super().__init__(space, islice(space.numbers(left), space.spec.points))


class Drawn(_Listed):
    """Different points, each as likely as the others."""

    def __init__(self, space: Space, left: Left) -> None:
        super().__init__(space, space.drawn(space.spec.points or DRAWN, space.spec.seed, left))
