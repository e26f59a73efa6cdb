"""The parameters of the array of streams, and the constants of its Verilog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from sparsesim.spec.base import Spec

if TYPE_CHECKING:
    from sparsesim.machines.scheme import Scheme
    from sparsesim.spec.accelerator import Accelerator

MOST_ROWS, MOST_LANES = 1024, 256
RESULT_LATENCY = 5
"""Cycles from an item's last entry to the first in which its result can leave: L on the page."""
FETCH_AFTER_START = 2
"""From the first entry of a row's fetched item to the fetch of its next one: A on the page."""
FETCH_AFTER_LEAVING = 3
"""From a sum's leaving for the stash to its fetch: B on the page."""
SHARED_FACTOR_BITS = {"xcup": 27, "xc7": 25, "ecp5": 18}
"""Of the wider factor of a family's multiplier block, signed, in which two held values may lie.
Source: UG579, UG479, FPGA-TN-02205."""
SHARED_BITS = SHARED_FACTOR_BITS["xcup"] - 1
"""Most bits of two held values and an entry's value, where lanes share a multiplier."""
SHARING = "xcup"
"""The family whose blocks are so wide; on others two lanes take two all the same."""
PLACED_FEED_LATENCY = 3
"""Of arrays that were placed as a whole and keep 0.86 of a row's clock or more: searches take it.
Source: docs/results/synthesis.md."""
FIRST_FETCH = 1
"""The first cycle of a pass in which a sum can be fetched that another pass left."""


class StreamArray(Spec):
    """Rows of multipliers that share an index.

    Args:
        rows: each with a stream of entries and a store of its own, 1 to 1024.
        lanes: multipliers of a row, 1 to 256; at most rows times stash.
        depth: elements of K that a half of a row's store holds, a power of two, 16 to 4096.
        stash: sums of a lane that a row keeps while K goes on, a power of two, 1 to 256.
        units: post-processing units, 1 to rows; row i leaves through unit i mod units.
        feed_latency: cycles from a loaded word to its use, and from a freed half to the loader's
            knowing of it, 1 to 16.
        lanes_per_dsp: lanes of a row that share a multiplier of 27 x 18 bits (a DSP48E2), 1 or 2;
            cycles are the same. Of two, sums lie in LUTs, and twice the bits of a value that is
            held and those of an entry's are 26 or less.
        dense_streams: the operand that is streamed where no zeros are skipped.
    Raises:
        SpecError: unknown key, wrong type, out of range or of relation.
    Source: docs/machines/stream.md.
    """

    rows: int = Field(default=16, ge=1, le=MOST_ROWS)
    lanes: int = Field(default=16, ge=1, le=MOST_LANES)
    depth: int = Field(default=256, ge=16, le=4096)
    stash: int = Field(default=16, ge=1, le=256)
    units: int = Field(default=4, ge=1, le=MOST_ROWS)
    feed_latency: int = Field(default=1, ge=1, le=16)
    lanes_per_dsp: int = Field(default=1, ge=1, le=2)
    dense_streams: Literal["weight", "activation"] = "weight"

    @model_validator(mode="after")
    def _relations(self) -> Self:
        for key, least, most in (("depth", 16, 4096), ("stash", 1, 256)):
            given = getattr(self, key)
            if given & (given - 1):
                raise ValueError(
                    f"{key} {given} is no power of two; use one from {least} to {most}"
                )
        if self.units > self.rows:
            raise ValueError(
                f"units {self.units} does not go with rows {self.rows}; use rows or less"
            )
        if self.lanes > self.rows * self.stash:
            raise ValueError(
                f"lanes {self.lanes} does not go with stash {self.stash}; use rows x stash or less"
            )
        return self

    @property
    def multipliers(self) -> int:
        """All of them."""
        return self.rows * self.lanes


def array_of(accelerator: Accelerator) -> StreamArray:
    """The array of an accelerator that is on this machine."""
    array = accelerator.array
    assert isinstance(array, StreamArray), f"{accelerator.name} is on {accelerator.machine}"
    return array


def streams(scheme: Scheme, array: StreamArray) -> str:
    """The operand that is streamed: `activation` or `weight`."""
    return array.dense_streams if scheme.is_dense else next(iter(scheme.skips))


def streamed_operand(accelerator: Accelerator) -> str:
    """The operand whose entries an accelerator's rows take: `activation` or `weight`."""
    return streams(accelerator.rules.scheme(accelerator.skipping), array_of(accelerator))


def operand_bits(accelerator: Accelerator) -> tuple[int, int]:
    """Widths of an entry's value and of a lane's."""
    bits = accelerator.act_bits, accelerator.weight_bits
    return bits if streamed_operand(accelerator) == "activation" else bits[::-1]


def can_share(accelerator: Accelerator, family: str) -> bool:
    """Whether two lanes can share a multiplier block of a family."""
    entry, held = operand_bits(accelerator)
    return family == SHARING and 2 * held + entry <= SHARED_BITS


def check(accelerator: Accelerator) -> None:
    """Whether lanes that share a multiplier have the room.

    Raises:
        ValueError: they lack it.
    """
    if array_of(accelerator).lanes_per_dsp == 1:
        return
    entry, held = operand_bits(accelerator)
    if 2 * held + entry > SHARED_BITS:
        words = ("weight_bits", "act_bits")
        one, other = words if streamed_operand(accelerator) == "activation" else words[::-1]
        raise ValueError(
            f"lanes_per_dsp 2 does not go with {one} {held}; "
            f"use 1, or 2 x {one} + {other} of {SHARED_BITS} or less"
        )
