"""Arrays of a machine that are worth trying in a budget. Not which of them is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ArraySpace:
    """A small space of arrays, in the words of a sweep.

    Attributes:
        axes: key of the array -> its values, each once.
        conditions: expressions over keys of accelerators and resources, as `lanes <= window`; an
            array that breaks one is not tried.
    """

    axes: Mapping[str, Sequence[Any]]
    conditions: tuple[str, ...] = ()


def sizes(most: float, least: int = 1) -> tuple[int, ...]:
    """Sizes of a row, a column or the like that are worth trying: steps of about a quarter.

    Args:
        most: none is above, but for the least.
        least: none is below, 1 or more; it is always there.

    >>> sizes(40)
    (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40)
    """
    found, step = [1, 2, 3], 1
    while found[-1] < most:
        found += [4 * step, 5 * step, 6 * step, 7 * step]
        step *= 2
    return tuple(size for size in found if least <= size <= most) or (least,)
