"""What an engine is: it is asked for points, and told what came of them, until it has no more.

What it asks for may only hang on its seed and on what it was told, in order: then a sweep on one
process, on many, or one that goes on after a kill asks for the same points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sparsesim.sweeps.metrics import Number
from sparsesim.sweeps.point import Point

Told = tuple[Point, Mapping[str, Number]]
"""A point and its metrics; none where it failed."""


class Engine(Protocol):
    """Chooses points.

    Attributes:
        total: points that it will ask for, at most.
    """

    total: int

    def ask(self) -> Sequence[Point]:
        """The next points, which do not hang on each other; none at the end."""

    def tell(self, told: Iterable[Told]) -> None:
        """What came of the points that were asked for last."""
