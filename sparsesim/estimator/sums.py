"""What adds up over runs: the numbers of one layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sparsesim.machines.product_shape import ProductShape


@dataclass(frozen=True, eq=False)
class SchemeSums:
    """Numbers of one layer under one scheme.

    Attributes:
        compute, memory, total: cycles.
        slots: multiplier slots by class, int64.
        multiplied: pairs multiplied.
        dram: bits of activations, weights and outputs, int64.
        read: elements of activations and weights read from the buffers, int64.
        paces: bound -> cycles that one resource of the machine takes by itself.
    """

    compute: int
    memory: int
    total: int
    slots: np.ndarray
    multiplied: int
    dram: np.ndarray
    read: np.ndarray
    paces: Mapping[str, int]

    @classmethod
    def none(cls, classes: int) -> SchemeSums:
        """Those of no run, with so many classes."""
        slots, dram, read = (np.zeros(n, dtype=np.int64) for n in (classes, 3, 2))
        return cls(0, 0, 0, slots, 0, dram, read, {})

    def __add__(self, other: SchemeSums) -> SchemeSums:
        return SchemeSums(
            self.compute + other.compute,
            self.memory + other.memory,
            self.total + other.total,
            self.slots + other.slots,
            self.multiplied + other.multiplied,
            self.dram + other.dram,
            self.read + other.read,
            {word: self.paces.get(word, 0) + more for word, more in other.paces.items()}
            or self.paces,
        )


@dataclass(frozen=True, eq=False)
class Sums:
    """Numbers of one layer over some runs.

    Attributes:
        schemes: by name.
        runs: how many of each shape.
        effectual: effectual MACs.
        activation_storage: encoded bits of the whole activation operand.
        activation_nonzeros, output_nonzeros, lowered_nonzeros: effectual elements of the
            activation, of the output, of the lowered activations over all groups.
        passes: how many.
    """

    schemes: Mapping[str, SchemeSums] = field(default_factory=dict)
    runs: Counter[ProductShape] = field(default_factory=Counter)
    effectual: int = 0
    activation_storage: int = 0
    activation_nonzeros: int = 0
    output_nonzeros: int = 0
    lowered_nonzeros: int = 0
    passes: int = 0

    def __add__(self, other: Sums) -> Sums:
        mine = self.schemes
        return Sums(
            {
                name: mine[name] + one if name in mine else one
                for name, one in other.schemes.items()
            },
            self.runs + other.runs,
            self.effectual + other.effectual,
            self.activation_storage + other.activation_storage,
            self.activation_nonzeros + other.activation_nonzeros,
            self.output_nonzeros + other.output_nonzeros,
            self.lowered_nonzeros + other.lowered_nonzeros,
            self.passes + other.passes,
        )
