"""Arrays of `stream` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes
from sparsesim.machines.stream.parameters import PLACED_FEED_LATENCY, SHARING

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_LEAST_LUTS = 15
"""Of a multiplier with all that is around it; no row has fewer."""
_LEAST_LUTS_SHARED = 45
"""The same where two are in a multiplier block, with their sums in LUTs."""
_LEAST_SHARE = 0.6  # shapes are so many that one of fewer multipliers is not the fastest
_LANES = (4, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192)
_ROWS = tuple(range(1, 17))


def space(budget: Resources, family: str) -> ArraySpace:
    """Shapes from few long rows to many short ones, with stores of one block RAM and of two. Where
    lanes can share multiplier blocks they do: blocks are fewer than look-up tables for their sums.

    Args:
        budget: that an accelerator may take.
        family: of the FPGA.
    Source: docs/decisions/stream.md.
    """
    lanes_per_dsp, luts = (2, _LEAST_LUTS_SHARED) if family == SHARING else (1, _LEAST_LUTS)
    multipliers = min(lanes_per_dsp * budget.dsp, budget.lut / luts)
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
            "feed_latency": (PLACED_FEED_LATENCY,),
            "lanes_per_dsp": (lanes_per_dsp,),
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
