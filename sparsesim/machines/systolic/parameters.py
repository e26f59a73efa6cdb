"""The parameters of the systolic array, and what of its Verilog sets cycles."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from sparsesim.spec.base import Spec

if TYPE_CHECKING:
    from sparsesim.spec.accelerator import Accelerator

Dataflow = Literal["weight_stationary", "output_stationary"]

MOST_LINES = 1024
"""Rows, or columns, that an array may have."""
DEEPEST = 4096
"""The most positions that a column may hold sums of."""
K_STEP = 16
"""Elements of K in whose multiples `output_stationary` is cut; its Verilog would take any."""
ROUND_TRIP, CAPTURE = 4, 2
"""Cycles from a fold's start to the next one's, at least: of sums through a column's memory, and of
a sum into the register of its result."""


THROUGH_MEMORY, THROUGH_REGISTER = 4, 1
"""Cycles from the last row's first sum, or from the last element of K, to its drain."""


class SystolicArray(Spec):
    """An array whose operands pass from neighbour to neighbour; PE are its multipliers.

    Args:
        rows: PE rows, 1 to 1024; an element of K each, or a position each.
        cols: PE columns, one filter each, 1 to 1024.
        dataflow: what stays in a PE, a weight or a sum.
        preload: `overlapped` prepares the next fold while this one works; `serial` waits.
        depth: positions that a column holds sums of, 1 to 4096; `weight_stationary` alone.
        units: post-processing units, which columns share, 1 to `cols`.
        n_of_m: n weights of every m along K are held where no more are non-zero;
            `weight_stationary` alone.
    Raises:
        SpecError: unknown key, wrong type, out of range, keys that do not go together.
    Source: docs/machines/systolic.md.
    """

    rows: int = Field(default=16, ge=1, le=MOST_LINES)
    cols: int = Field(default=16, ge=1, le=MOST_LINES)
    dataflow: Dataflow = "weight_stationary"
    preload: Literal["overlapped", "serial"] = "overlapped"
    depth: int = Field(default=128, ge=1, le=DEEPEST)
    units: int = Field(default=4, ge=1, le=MOST_LINES)
    n_of_m: Literal["none", "1:2", "1:4", "2:4", "1:8", "2:8", "4:8"] = "none"

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.units > self.cols:
            raise ValueError(
                f"units {self.units} does not go with cols {self.cols}; use cols or less"
            )
        if self.n_of_m != "none" and not self.keeps_weights:
            raise ValueError(f"n_of_m '{self.n_of_m}' does not go with {self.dataflow}; use 'none'")
        return self

    @property
    def pes(self) -> int:
        """Processing elements, a multiplier each."""
        return self.rows * self.cols

    @property
    def keeps_weights(self) -> bool:
        """Whether PEs hold weights; else they hold sums."""
        return self.dataflow == "weight_stationary"

    @property
    def overlaps(self) -> bool:
        """Whether the next fold is prepared while one works."""
        return self.preload == "overlapped"

    @property
    def kept_of_block(self) -> tuple[int, int]:
        """n and m: of how many weights how many are held; (1, 1) where all are."""
        if self.n_of_m == "none":
            return 1, 1
        n, m = self.n_of_m.split(":")
        return int(n), int(m)

    @property
    def selects(self) -> int:
        """1 where a PE selects its activation, behind a register; else 0."""
        return int(self.n_of_m != "none")

    @property
    def tile_positions(self) -> int:
        """Positions of a tile."""
        return self.depth if self.keeps_weights else self.rows

    @property
    def tile_elements(self) -> int:
        """Elements of K in whose multiples a tile may be cut."""
        return lcm(self.rows, self.kept_of_block[1]) if self.keeps_weights else K_STEP

    @property
    def skew(self) -> int:
        """Cycles by which the last PE is behind the first."""
        return self.rows + self.cols - 2

    @property
    def least_interval(self) -> int:
        """Cycles from one fold's start to the next one's, however few its steps: weights come, and
        sums go round."""
        if not self.keeps_weights:
            return CAPTURE
        refill = self.rows + self.selects if self.overlaps else 0
        return max(refill, ROUND_TRIP)

    def write_latency(self, steps: int) -> int:
        """Cycles from the start of a tile's last fold to the first sum's entering its memory.

        Args:
            steps: of a fold; they matter where sums stay.
        """
        return self.rows + 2 + self.selects if self.keeps_weights else steps

    def drain_latency(self, steps: int) -> int:
        """Cycles from the start of a tile's last fold to its first drain.

        Columns are behind each other, and units take theirs in step.
        """
        columns_apart = self.cols - -(-self.cols // self.units)
        if self.keeps_weights:
            return self.rows + THROUGH_MEMORY + self.selects + columns_apart
        return steps + THROUGH_REGISTER + columns_apart


def array_of(accelerator: Accelerator) -> SystolicArray:
    """The array of an accelerator that is on this machine."""
    array = accelerator.array
    assert isinstance(array, SystolicArray), f"{accelerator.name} is on {accelerator.machine}"
    return array
