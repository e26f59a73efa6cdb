"""Arrays of `stream` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_LEAST_LUTS = 15
"""Of a multiplier with all that is around it; no row has fewer."""
_SHARE = 3  # an array of a third of the multipliers that may be had is not the fastest


def space(budget: Resources) -> ArraySpace:
    """Shapes from few long rows to many short ones, with stores of one block RAM and of two.

    Args:
        budget: that an accelerator may take.
    Source: docs/decisions/stream.md.
    """
    multipliers = min(budget.dsp, budget.lut / _LEAST_LUTS)
    lanes = tuple(
        lanes for lanes in (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192) if lanes <= multipliers
    )
    return ArraySpace(
        axes={
            "rows": sizes(min(multipliers / 4, 256)),
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
            f"rows * lanes >= {multipliers / _SHARE:.0f}",
            "rows <= 4 * units",
        ),
    )
