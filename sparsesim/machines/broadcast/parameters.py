"""The parameters of the broadcast array, and what of its Verilog sets cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from sparsesim.spec.base import Spec

if TYPE_CHECKING:
    from sparsesim.spec.accelerator import Accelerator

MOST_PES = 1024
"""PEs that an array may have."""
DEPTHS = (2, 64)
"""The least and the most that a queue's depth may be."""
RESULT_LATENCY = 6
"""Cycles from a turn's end to the first in which its sums can leave."""


class BroadcastArray(Spec):
    """Processing elements (PE) that all are sent the same activations.

    Args:
        pes: PEs, a multiplier each, 1 to 1024.
        queue_depth: a PE's queue holds one activation fewer, 2 to 64.
        entry_run_bits: bits of the run of zeros before a stored weight, 1 to 8.
        pe_sums: sums that a PE holds in each of two halves, 1 to 256.
        units: post-processing units, which PEs share, 1 to `pes`.
    Raises:
        SpecError: unknown key, wrong type, out of range, more units than PEs.
    Source: docs/machines/broadcast.md, "Cycles of a pass".
    """

    pes: int = Field(default=64, ge=1, le=MOST_PES)
    queue_depth: int = Field(default=8, ge=DEPTHS[0], le=DEPTHS[1])
    entry_run_bits: int = Field(default=4, ge=1, le=8)
    pe_sums: int = Field(default=32, ge=1, le=256)
    units: int = Field(default=1, ge=1, le=MOST_PES)

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.units > self.pes:
            raise ValueError(f"units {self.units} does not go with pes {self.pes}; use pes or less")
        return self

    @property
    def tile_filters(self) -> int:
        """Filters of a tile."""
        return self.pes * self.pe_sums

    def filters_of_tiles(self, filters: int) -> tuple[tuple[int, int], ...]:
        """Tiles of so many filters: (filters of one, how many such tiles), whole ones first."""
        whole, rest = divmod(filters, self.tile_filters)
        return tuple(
            (size, times)
            for size, times in ((self.tile_filters, whole), (rest, 1))
            if size and times
        )

    def drain_cycles(self, filters: int) -> int:
        """Cycles in which the sums of a tile of so many filters leave: those of unit 0."""
        rows, rest = divmod(filters, self.pes)
        return rows * -(-self.pes // self.units) + -(-rest // self.units)


def array_of(accelerator: Accelerator) -> BroadcastArray:
    """The array of an accelerator that is on this machine."""
    array = accelerator.array
    assert isinstance(array, BroadcastArray), f"{accelerator.name} is on {accelerator.machine}"
    return array
