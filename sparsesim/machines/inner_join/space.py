"""Arrays of `inner_join` that are worth trying in a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.machines.array_space import ArraySpace, sizes
from sparsesim.machines.inner_join.parameters import PLACED_FEED_LATENCY

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources

_LEAST_LUTS = 30
"""Of a multiplier with all that is around it; no PE has fewer."""
_MOST_ROWS, _MOST_COLS = 64, 64
_SHARE = 8  # an array of an eighth of the multipliers that may be had is not the fastest


def space(budget: Resources) -> ArraySpace:
    """What benchmarks/presets found worth trying, and dense PEs of several lanes.

    Args:
        budget: that an accelerator may take.
    Source: docs/decisions/presets.md, "The space".
    """
    multipliers = min(budget.dsp, budget.lut / _LEAST_LUTS)
    return ArraySpace(
        axes={
            "rows": sizes(min(multipliers, _MOST_ROWS), 4),
            "cols": sizes(min(multipliers / 4, _MOST_COLS)),
            "window": (1, 2, 4, 8, 16),
            "lanes": (1, 2, 4, 8),
            "queue_depth": (6, 16),
            "feed_latency": (PLACED_FEED_LATENCY,),
        },
        conditions=(
            "lanes <= window",
            # a sparse PE finds work in a window of four or more, and few have two lanes to fill;
            "skipping == 'none' or window >= 4 and lanes <= 2",
            # a dense one takes a whole window a cycle, and its queues never run dry.
            "skipping != 'none' or window == lanes and queue_depth == 6",
            f"rows * cols * lanes >= {multipliers / _SHARE:.0f}",
        ),
    )
