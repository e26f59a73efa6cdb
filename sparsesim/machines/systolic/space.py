"""Arrays of `systolic` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_MOST_LINES = 128
_SHARE = 2  # an array of half the multipliers that may be had is not the fastest
_MOST_COLUMNS_A_UNIT = 16


def space(budget: Resources) -> ArraySpace:
    """Shapes of both dataflows from low to tall ones, with few units and with many.

    Args:
        budget: that an accelerator may take; a PE takes hardly more than its multiplier of it.
    """
    multipliers = budget.dsp
    lines = sizes(min(max(multipliers / 4, 1), _MOST_LINES), 4 if multipliers >= 16 else 1)
    return ArraySpace(
        axes={
            "rows": lines,
            "cols": lines,
            "dataflow": ("weight_stationary", "output_stationary"),
            "depth": (64, 512),
            "units": (1, 2, 4, 8, 16),
            "n_of_m": ("none", "2:4"),
        },
        conditions=(
            "units <= cols",
            f"cols <= {_MOST_COLUMNS_A_UNIT} * units",
            "skipping == 'none' or n_of_m != 'none'",
            "skipping != 'none' or n_of_m == 'none'",
            "n_of_m == 'none' or dataflow == 'weight_stationary'",
            "dataflow == 'weight_stationary' or depth == 64",  # which has no such memory
            f"rows * cols <= {multipliers:.0f}",
            f"rows * cols >= {multipliers / _SHARE:.0f}",
        ),
    )
