"""Whether weights are n of every m along K, pass by pass, and how many then take a row each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.systolic.parameters import SystolicArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Structure:
    """Blocks of m weights with more than n non-zeros.

    Attributes:
        sets: of weights.
        broken: int32, (sets, filters + 1, steps of K + 1): those of all filters and steps before;
            None where any weights will do.
    """

    sets: int
    broken: NDArray[np.int32] | None

    def obeys(self, passes: Passes, elements: int) -> NDArray[np.bool_]:
        """Whether the weights of each pass have no such block.

        Args:
            passes: their groups counted in sets of weights.
            elements: of a step of K.
        """
        if self.broken is None:
            return np.ones(len(passes), bool)
        m0, k0 = passes.m0, passes.k0 // elements
        m1, k1 = m0 + passes.filters, -(-passes.k1 // elements)
        of, at = self.broken, passes.group
        return (of[at, m1, k1] - of[at, m0, k1] - of[at, m1, k0] + of[at, m0, k0]) == 0


def structure_of(words: NDArray[np.uint64], reduction: int, array: SystolicArray) -> Structure:
    """Look for blocks that have too many non-zeros.

    Args:
        words: bits of weights, (sets, filters, words of K).
        reduction: K.
        array: its parameters.
    """
    n, m = array.kept_of_block
    sets, filters = words.shape[:2]
    if n == m:
        return Structure(sets, None)
    steps = -(-reduction // array.tile_elements)
    bits = np.zeros((sets, filters, steps * array.tile_elements), np.uint8)
    bits[..., :reduction] = _bits(words, reduction)
    blocks = bits.reshape(sets, filters, -1, m).sum(axis=3, dtype=np.uint8) > n
    of_step = blocks.reshape(sets, filters, steps, -1).sum(axis=3, dtype=np.int32)
    broken = np.zeros((sets, filters + 1, steps + 1), np.int32)
    np.cumsum(of_step.cumsum(axis=1), axis=2, out=broken[:, 1:, 1:])
    return Structure(sets, broken)


def held_elements(
    structure: Structure, passes: Passes, scheme: Scheme, array: SystolicArray
) -> Ints:
    """Elements of K of each pass that take a row, or a step, each.

    Args:
        structure: of the weights.
        passes: their groups counted in sets of weights.
        scheme: whether n of every m will do.
        array: its parameters.
    """
    elements = passes.elements
    if scheme.is_dense:
        return elements
    obeys = structure.obeys(passes, array.tile_elements)
    return np.where(obeys, kept(elements, array), elements)


def kept(elements: Ints | int, array: SystolicArray) -> Ints:
    """Of so many elements from a block's first on, how many are held where n of every m are."""
    n, m = array.kept_of_block
    blocks, rest = np.divmod(np.asarray(elements, np.int64), m)
    return blocks * n + np.minimum(rest, n)


def _bits(words: NDArray[np.uint64], count: int) -> NDArray[np.uint8]:
    """The first bits of each line."""
    octets = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=count, bitorder="little")
