"""How long a layer takes when transfers overlap with work: one DRAM port.

While pass k computes, pass k + 1 is loaded and pass k - 1 is stored. Groups don't overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

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


def schedule(plan: Plan, compute_cycles: Ints, bits_per_cycle: Fraction, dense: bool) -> Schedule:
    """Overlap the passes of a layer with their transfers.

    Args:
        plan: its passes.
        compute_cycles: int64, shape (passes,).
        bits_per_cycle: of DRAM, above 0.
        dense: move the blocks dense (scheme `none`) and not in the accelerator's formats.
    """
    moved, group = plan.moved(dense), plan.passes.group
    loads = transfer_cycles(moved.loads, bits_per_cycle)
    stores = transfer_cycles(moved.outputs, bits_per_cycle)
    last = np.append(group[1:] != group[:-1], True)[: len(loads)]
    first = np.append(True, last[:-1])[: len(loads)]
    port = np.where(last, 0, np.append(loads[1:], 0)[: len(loads)])  # while pass k computes
    port[1:] += np.where(last[:-1], 0, stores[:-1])
    total = np.maximum(compute_cycles, port).sum() + loads[first].sum() + stores[last].sum()
    memory = loads.sum() + stores.sum()
    return Schedule(int(compute_cycles.sum()), int(memory), int(total))


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
