"""Real masks made sparser or denser at random: nested, so that more density is never fewer ones.

Below its own density a mask keeps some of its ones; above it has all of them and some more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.lowering.bits import pack, unpack


@dataclass(frozen=True, eq=False)
class Thinning:
    """A mask's elements in the order in which they become ones.

    Attributes:
        rank: of each element, uint32, shape (elements,): the mask's ones first, then its zeros,
            each in random order.
    """

    rank: np.ndarray

    def at(self, ones: int) -> np.ndarray:
        """The packed mask of so many ones, uint64 with a spare word."""
        return pack(self.rank < ones)


def thinning(words: np.ndarray, elements: int, random: np.random.Generator) -> Thinning:
    """Draw the order.

    Args:
        words: packed bits, uint64 with a spare word.
        elements: how many bits count.
        random: gives the order.
    """
    mask = unpack(words, elements)
    order = np.concatenate(
        [random.permutation(np.flatnonzero(mask)), random.permutation(np.flatnonzero(~mask))]
    )
    rank = np.empty(elements, np.uint32)
    rank[order] = np.arange(elements, dtype=np.uint32)
    return Thinning(rank)
