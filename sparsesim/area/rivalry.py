"""What a machine's dense arrays are asked to beat, and what each of them says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sparsesim.area.clock import dense_clock
from sparsesim.area.opponent import Candidate
from sparsesim.area.resources import Resources
from sparsesim.area.work import DenseWork
from sparsesim.machines import machine_named
from sparsesim.spec import Accelerator, Device


@dataclass(frozen=True)
class Rivalry:
    """The accelerator that dense arrays are held against, and on which terms.

    Attributes:
        work: of `dense_work`; one or more.
        accelerator: of any machine; its buffers and its DRAM are the dense array's, too.
        device: gives the DRAM bandwidth and how many MACs a multiplier block packs.
        family: prices both.
        budget: what the accelerator takes. Arrays that take more may be left out at once.
        one_clock: dense arrays have the accelerator's clock, whatever was placed of either.
    """

    work: tuple[DenseWork, ...]
    accelerator: Accelerator
    device: Device
    family: str
    budget: Resources
    one_clock: bool = False

    def clock_of(self, dense: Accelerator) -> tuple[float, str]:
        """The clock in MHz of a dense array beside the accelerator, and where it is from.

        Args:
            dense: of any clock; see `area.clock.dense_clock`.
        """
        if self.one_clock:
            return self.accelerator.clock_mhz, "one clock for both"
        return dense_clock(self.accelerator, dense, self.family)


class DenseArray(Candidate, Protocol):
    """A dense array beside an accelerator: a candidate that can be written down."""

    @property
    def accelerator(self) -> Accelerator:
        """It, dense and at its own clock; `dense_accelerator` makes it."""

    @property
    def clock_source(self) -> str:
        """Where its clock is from, for a reader; `Rivalry.clock_of` says it."""

    @property
    def packed_pairs(self) -> int:
        """Pairs of its multipliers that share a block."""


def dense_accelerator(
    accelerator: Accelerator, machine: str, array: Mapping[str, Any], clock_mhz: float
) -> Accelerator:
    """A dense array with the buffers and the DRAM of an accelerator.

    Args:
        accelerator: the compared one.
        machine: of the dense array, which has a dense mode.
        array: its parameters.
        clock_mhz: of the dense array.
    """
    dense = machine_named(machine).baseline
    assert dense is not None, f"{machine} has no dense mode"
    return accelerator.with_(
        name="dense",
        machine=machine,
        array=dict(array),
        skipping=dense.name,
        activation_format="dense",
        weight_format="dense",
        clock_mhz=clock_mhz,
    )
