"""Passes: the pieces of a layer that a machine runs one after another, in elements.

How a layer is cut into them is `sparsesim.memory`'s; what one costs is a machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.columns import DRAINS, GROUP, K0, K1, M0, M1, P0, P1

Ints = NDArray[np.int64]


class Pass(NamedTuple):
    """One pass; ranges without their end.

    Attributes:
        group: of the layer.
        m0, m1: its filters within the group. p0, p1: its positions. k0, k1: its elements of K.
        drains: 1 where it ends its tiles, 0 where further passes of K follow.
    """

    group: int
    m0: int
    m1: int
    p0: int
    p1: int
    k0: int
    k1: int
    drains: int


@dataclass(frozen=True, eq=False)
class Passes:
    """Passes in their order.

    Attributes:
        table: int64, shape (passes, 8), columns as `Pass` has them.
    """

    table: Ints

    @classmethod
    def one(
        cls, filters: int, positions: int, elements: int, drains: bool = True, group: int = 0
    ) -> Passes:
        """A single pass over all of a product."""
        row = (group, 0, filters, 0, positions, 0, elements, drains)
        return cls(np.array([row], dtype=np.int64))

    @classmethod
    def none(cls) -> Passes:
        """No pass."""
        return cls(np.zeros((0, len(Pass._fields)), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, number: int) -> Pass:
        return Pass(*self.table[number].tolist())

    def __iter__(self) -> Iterator[Pass]:
        return (Pass(*row) for row in self.table.tolist())

    def chosen(self, numbers: Ints) -> Passes:
        """Those of these numbers, in their order."""
        return Passes(self.table[numbers])

    def over_steps(self, steps: int, positions: int) -> Passes:
        """Passes by weight set, their positions counted over all time steps of it.

        A machine need know nothing of steps: the strings of all steps of a weight set lie behind
        each other in its operand of activations, so a step is where a pass begins in it.

        Args:
            steps: of a weight set, 1 or more; groups are ordered [weight set][step].
            positions: by which a step lies behind the one before.
        """
        if steps == 1:
            return self
        moved = self.table.copy()
        moved[:, GROUP], step = np.divmod(self.group, steps)
        moved[:, P0] += step * positions
        moved[:, P1] += step * positions
        return Passes(moved)

    @property
    def group(self) -> Ints:
        """Of each pass."""
        return self.table[:, GROUP]

    @property
    def m0(self) -> Ints:
        """First filter of each."""
        return self.table[:, M0]

    @property
    def p0(self) -> Ints:
        """First position of each."""
        return self.table[:, P0]

    @property
    def k0(self) -> Ints:
        """First element of K of each."""
        return self.table[:, K0]

    @property
    def k1(self) -> Ints:
        """End of K of each."""
        return self.table[:, K1]

    @property
    def filters(self) -> Ints:
        """How many each has."""
        return self.table[:, M1] - self.table[:, M0]

    @property
    def positions(self) -> Ints:
        """How many each has."""
        return self.table[:, P1] - self.table[:, P0]

    @property
    def elements(self) -> Ints:
        """Elements of K of each."""
        return self.table[:, K1] - self.table[:, K0]

    @property
    def drains(self) -> Ints:
        """1 where a pass ends its tiles."""
        return self.table[:, DRAINS]

    @cached_property
    def opens(self) -> NDArray[np.bool_]:
        """Whether each is the first of its group."""
        found = np.ones(len(self), dtype=bool)
        found[1:] = self.group[1:] != self.group[:-1]
        return found

    @cached_property
    def closes(self) -> NDArray[np.bool_]:
        """Whether each is the last of its group."""
        found = np.ones(len(self), dtype=bool)
        found[:-1] = self.opens[1:]
        return found
