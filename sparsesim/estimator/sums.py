"""What adds up over runs: the numbers of one layer."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sparsesim.datapath import CLASSES, SCHEMES


@dataclass(frozen=True, eq=False)
class Sums:
    """Numbers of one layer over some runs; arrays are int64, in the order of SCHEMES.

    Attributes:
        compute, memory, total: cycles, (4,).
        classes: lane-slots, (4, classes).
        effectual: effectual MACs.
        multiplied: pairs multiplied, (4,).
        dram: bits, (4, 3): activation, weight, output.
        fed: operand elements read from the buffers, (2,): activation, weight.
        activation_storage: encoded bits of the whole activation operand.
        nonzeros: effectual elements, (2,): activation, output.
        drains: cycles that the results take to leave the array.
        tiles: output tiles.
        passes: how many.
        lowered_nonzeros: effectual elements of the lowered activations, over all groups.
    """

    compute: np.ndarray
    memory: np.ndarray
    total: np.ndarray
    classes: np.ndarray
    effectual: int
    multiplied: np.ndarray
    dram: np.ndarray
    fed: np.ndarray
    activation_storage: int
    nonzeros: np.ndarray
    drains: int
    tiles: int
    passes: int
    lowered_nonzeros: int

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Sums)))


def nothing() -> Sums:
    """The sums of no run."""
    four = np.zeros(len(SCHEMES), dtype=np.int64)
    two = np.zeros(2, dtype=np.int64)
    classes = np.zeros((len(SCHEMES), len(CLASSES)), dtype=np.int64)
    dram = np.zeros((len(SCHEMES), 3), dtype=np.int64)
    return Sums(four, four, four, classes, 0, four, dram, two, 0, two, 0, 0, 0, 0)
