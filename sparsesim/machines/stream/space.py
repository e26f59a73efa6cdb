"""Arrays of `stream` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_LEAST_LUTS = 15
"""Of a multiplier with all that is around it; no row has fewer."""
_LEAST_SHARE = 0.6  # shapes are so many that one of fewer multipliers is not the fastest
_LANES = (4, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192)
_ROWS = tuple(range(1, 17))


def space(budget: Resources) -> ArraySpace:
    """Shapes from few long rows to many short ones, with stores of one block RAM and of two.

    Args:
        budget: that an accelerator may take.
    Source: docs/decisions/stream.md.
    """
    multipliers = min(budget.dsp, budget.lut / _LEAST_LUTS)
    lanes = tuple(lanes for lanes in _LANES if lanes <= multipliers)
    most = min(multipliers / 4, 256)
    rows = tuple(rows for rows in sorted({*_ROWS, *sizes(most)}) if rows <= most)
    return ArraySpace(
        axes={
            "rows": rows or (1,),
            "lanes": lanes or (1,),
            "depth": (256, 512),
            "stash": (16, 64),
            "units": (1, 2, 3, 4, 6, 8, 12, 16),
            "feed_latency": (1,),
            "dense_streams": ("activation", "weight"),
        },
        conditions=(
            "units <= rows",
            "lanes <= rows * stash",
            "skipping == 'none' or dense_streams == 'activation'",
            f"rows * lanes <= {multipliers:.0f}",
            f"rows * lanes >= {_LEAST_SHARE * multipliers:.0f}",
            "rows <= 4 * units",
        ),
    )
