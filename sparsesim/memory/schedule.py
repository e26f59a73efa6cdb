"""How long a layer takes when transfers overlap with work: one DRAM port.

While pass k computes, pass k + 1 is loaded and pass k - 1 is stored. Groups don't overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sparsesim.memory.plan import Plan

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Schedule:
    """Cycles of a layer.

    Attributes:
        compute_cycles: as if DRAM were free.
        memory_cycles: as if computing were free.
        total_cycles: with both, overlapped.
    """

    compute_cycles: int
    memory_cycles: int
    total_cycles: int

    @property
    def stall_cycles(self) -> int:
        """Cycles in which the array waits for DRAM: total less compute."""
        return self.total_cycles - self.compute_cycles


@dataclass(frozen=True, eq=False)
class Overlap:
    """Passes and their transfers beside each other; arrays have the shape (passes,).

    Attributes:
        loads, computes, stores: int64, the cycles that each takes by itself.
        opens, closes: bool, the pass is the first or the last of its group.
    """

    loads: Ints
    computes: Ints
    stores: Ints
    opens: NDArray[np.bool_]
    closes: NDArray[np.bool_]

    @property
    def total_cycles(self) -> int:
        """From the first load to the end of the last store."""
        return int(self._spans.sum())

    def starts(self) -> tuple[Ints, Ints, Ints]:
        """The cycles in which the load, the work and the store of each pass begin."""
        spans = self._spans
        begins = np.cumsum(spans) - spans
        computes = begins + np.where(self.opens, self.loads, 0)
        # Beside the pass before comes its load, beside the one behind its store after that's load.
        loads = np.where(self.opens, begins, _before(computes))
        later = _behind(computes + np.where(self.closes, 0, _behind(self.loads)))
        stores = np.where(self.closes, begins + spans - self.stores, later)
        return loads, computes, stores

    @cached_property
    def _spans(self) -> Ints:
        """Cycles that each pass takes of the total: what doesn't overlap, and the longer of two."""
        port = np.where(self.closes, 0, _behind(self.loads))  # what it moves while a pass computes
        port += np.where(self.opens, 0, _before(self.stores))
        alone = np.where(self.opens, self.loads, 0) + np.where(self.closes, self.stores, 0)
        return np.maximum(self.computes, port) + alone


def schedule(plan: Plan, compute_cycles: Ints, bits_per_cycle: Fraction, dense: bool) -> Schedule:
    """Overlap the passes of a layer with their transfers, and sum up.

    Args:
        plan: its passes.
        compute_cycles: int64, shape (passes,).
        bits_per_cycle: of DRAM, above 0.
        dense: move the blocks dense (a dense scheme) and not in the accelerator's formats.
    """
    both = overlap(plan, compute_cycles, bits_per_cycle, dense)
    memory = int(both.loads.sum() + both.stores.sum())
    return Schedule(int(compute_cycles.sum()), memory, both.total_cycles)


def overlap(plan: Plan, compute_cycles: Ints, bits_per_cycle: Fraction, dense: bool) -> Overlap:
    """The passes of a layer beside their transfers; as `schedule`, which sums this up."""
    moved = plan.moved(dense)
    return Overlap(
        transfer_cycles(moved.loads, bits_per_cycle),
        compute_cycles,
        transfer_cycles(moved.outputs, bits_per_cycle),
        plan.passes.opens,
        plan.passes.closes,
    )


def _before(values: Ints) -> Ints:
    """Of the pass before each; 0 before the first."""
    moved = np.zeros_like(values)
    moved[1:] = values[:-1]
    return moved


def _behind(values: Ints) -> Ints:
    """Of the pass behind each; 0 behind the last."""
    moved = np.zeros_like(values)
    moved[:-1] = values[1:]
    return moved


def transfer_cycles(bits: Ints, bits_per_cycle: Fraction) -> Ints:
    """Cycles of transfers of so many bits each: ceil(bits / bits_per_cycle), exact.

    Args:
        bits: int64, 0 or more, any shape.
        bits_per_cycle: above 0.
    Returns:
        int64, of that shape.
    """
    over, under = bits_per_cycle.numerator, bits_per_cycle.denominator
    if bits.size and int(bits.max()) * under + over >= 1 << 63:
        exact = -(-(bits.astype(object) * under) // over)
        return exact.astype(np.int64)
    return -(-(bits * under) // over)
