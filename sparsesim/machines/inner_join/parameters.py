"""The parameters of the inner-join array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sparsesim.spec.base import Spec

if TYPE_CHECKING:
    from sparsesim.spec.accelerator import Accelerator

MOST_LINES = 1024
"""Rows, or columns, that an array may have."""
DEEPEST = 4096
"""The deepest queue that it may have, in windows."""
PLACED_FEED_LATENCY = 3
"""Of arrays that were placed as a whole and keep more than 0.8 of a PE's clock: searches take it.
Source: docs/results/synthesis.md."""


class InnerJoinArray(Spec):
    """An output-stationary array of processing elements (PE).

    Args:
        rows: PE rows, one filter each, 1 to 1024.
        cols: PE columns, one output position each, 1 to 1024.
        window: operand pairs that a PE examines together, 1 to 64.
        lanes: multipliers of a PE, 1 to 256.
        queue_depth: windows that each of a PE's two queues holds, 1 to 4096.
        feed_latency: cycles from a feeder's push to use, and from a freed slot to the feeder's
            knowing of it, 1 to 64.
        loop_order: which tiles follow each other; `filters_inner` takes all filter tiles for
            each position tile.
    Raises:
        SpecError: unknown key, wrong type, out of range.
    Source: docs/machines/inner_join.md, "Cycles of a pass".
    """

    rows: int = Field(default=16, ge=1, le=MOST_LINES)
    cols: int = Field(default=16, ge=1, le=MOST_LINES)
    window: int = Field(default=16, ge=1, le=64)
    lanes: int = Field(default=1, ge=1, le=256)
    queue_depth: int = Field(default=4, ge=1, le=DEEPEST)
    feed_latency: int = Field(default=1, ge=1, le=64)
    loop_order: Literal["filters_inner", "positions_inner"] = "filters_inner"

    @property
    def pe_latency(self) -> int:
        """Cycles from the end of a PE's work to its result: `3 + ceil(log2(lanes))`."""
        return 3 + (self.lanes - 1).bit_length()

    @property
    def pes(self) -> int:
        """Processing elements."""
        return self.rows * self.cols

    @property
    def lanes_in_words(self) -> str:
        """`1 lane`, `4 lanes`."""
        return "1 lane" if self.lanes == 1 else f"{self.lanes} lanes"

    @property
    def outline(self) -> str:
        """The machine without its queues: `16x16 inner_join, 1 lane, window 16`."""
        return f"{self.rows}x{self.cols} inner_join, {self.lanes_in_words}, window {self.window}"


def array_of(accelerator: Accelerator) -> InnerJoinArray:
    """The array of an accelerator that is on this machine."""
    array = accelerator.array
    assert isinstance(array, InnerJoinArray), f"{accelerator.name} is on {accelerator.machine}"
    return array
