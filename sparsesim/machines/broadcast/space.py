"""Arrays of `broadcast` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_LUTS_A_PE = 200  # at the least, with few sums
_MOST_PES = 256


def space(budget: Resources) -> ArraySpace:
    """Few PEs to many, with sums for narrow layers and for wide ones, and one unit to many.

    Args:
        budget: that an accelerator may take; a PE takes a multiplier of it and many LUTs.
    """
    most = min(budget.dsp, budget.lut / _LUTS_A_PE, _MOST_PES)
    return ArraySpace(
        axes={
            "pes": sizes(max(most, 1), 4 if most >= 4 else 1),
            "queue_depth": (4, 8, 16),
            "pe_sums": (8, 16, 32, 64),
            "units": (1, 2, 4, 8, 16),
        },
        conditions=("units <= pes",),
    )
