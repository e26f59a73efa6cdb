"""Energy of what a network does, from a table with sources. An ASIC's: relative, no FPGA joules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import ClassVar, Self

from pydantic import Field, model_validator

from sparsesim.spec.accelerator import Accelerator
from sparsesim.spec.base import Spec
from sparsesim.spec.sourced import SourcedSpec

DEFAULT_ENERGY_TABLE = "horowitz2014-45nm"
"""The table where a user names none."""


class SramEnergy(Spec):
    """One access to an on-chip memory of some capacity.

    Args:
        capacity_kib: of the memory, in KiB, above 0.
        access_bits: bits that one access moves, 1 or more.
        access_pj: energy of the access in pJ, above 0.
    """

    capacity_kib: float = Field(gt=0)
    access_bits: int = Field(ge=1)
    access_pj: float = Field(gt=0)


class EnergyTable(SourcedSpec):
    """Energy of single actions in one process.

    Args:
        name: how reports call it; not part of `sha256()`.
        process: node, voltage and kind of circuit; reports print it beside every energy.
        multiply_8bit_pj: an 8-bit integer multiplication, in pJ, 0 or more.
        add_32bit_pj: a 32-bit integer addition, in pJ, 0 or more.
        sram: on-chip memories, one or more, capacities rising.
        dram_access_pj: one DRAM access, in pJ, 0 or more.
        dram_access_bits: bits that it moves, 1 or more.
        sources: key of a figure to the document it stands in.
    Raises:
        SpecError: unknown key, missing key, wrong type, out of range, capacities that don't rise.
    """

    _folder: ClassVar[str] = "energy"
    _word: ClassVar[str] = "energy table"
    _figures: ClassVar[tuple[str, ...]] = (
        "multiply_8bit_pj",
        "add_32bit_pj",
        "sram",
        "dram_access_pj",
        "dram_access_bits",
    )

    name: str = "custom"
    process: str
    multiply_8bit_pj: float = Field(ge=0)
    add_32bit_pj: float = Field(ge=0)
    sram: tuple[SramEnergy, ...] = Field(strict=False, min_length=1)
    dram_access_pj: float = Field(ge=0)
    dram_access_bits: int = Field(ge=1)

    @model_validator(mode="after")
    def _capacities_rise(self) -> Self:
        for smaller, larger in pairwise(self.sram):
            if larger.capacity_kib <= smaller.capacity_kib:
                raise ValueError(
                    f"sram: capacity_kib {larger.capacity_kib} follows {smaller.capacity_kib}; "
                    "list capacities rising"
                )
        return self

    def sram_pj_per_bit(self, capacity_kib: float) -> float:
        """Energy of one bit read from or written to an on-chip memory.

        Between the table's capacities the energy is a straight line over logarithms (a power of
        the capacity, which is how wire energy grows); outside, that of the nearest capacity.

        Args:
            capacity_kib: of the memory, in KiB, above 0.
        Returns:
            pJ a bit.
        """
        points = [(m.capacity_kib, m.access_pj / m.access_bits) for m in self.sram]
        if capacity_kib <= points[0][0]:
            return points[0][1]
        for (low, low_pj), (high, high_pj) in pairwise(points):
            if capacity_kib <= high:
                share = log(capacity_kib / low) / log(high / low)
                return exp(log(low_pj) + share * log(high_pj / low_pj))
        return points[-1][1]

    @property
    def dram_pj_per_bit(self) -> float:
        """Energy of one bit read from or written to DRAM, in pJ."""
        return self.dram_access_pj / self.dram_access_bits


@dataclass(frozen=True)
class EnergyCounts:
    """What was done: each 0 or more.

    Attributes:
        multiplies: multiplications done, zeros among them where they aren't skipped.
        additions: additions to a sum.
        activation_buffer_bits: bits read from and written to the activation buffer.
        weight_buffer_bits: the same of the weight buffer.
        output_buffer_bits: the same of the output buffer.
        dram_bits: bits loaded and stored.
    """

    multiplies: int
    additions: int
    activation_buffer_bits: int
    weight_buffer_bits: int
    output_buffer_bits: int
    dram_bits: int


def energy_pj(
    table: EnergyTable, counts: EnergyCounts, accelerator: Accelerator
) -> dict[str, float]:
    """Energy of each component; clock tree, control, queues and leakage aren't in it.

    A multiplication is priced at 8 bits and an addition at 32, whatever the accelerator's widths.

    Args:
        table: energy of single actions.
        counts: how many there were.
        accelerator: gives the capacities of the buffers; an access to a larger one costs more.
    Returns:
        pJ of `multiply`, `add`, `activation_buffer`, `weight_buffer`, `output_buffer`, `dram`.
    """
    sram = table.sram_pj_per_bit
    return {
        "multiply": counts.multiplies * table.multiply_8bit_pj,
        "add": counts.additions * table.add_32bit_pj,
        "activation_buffer": (
            counts.activation_buffer_bits * sram(accelerator.activation_buffer_kib)
        ),
        "weight_buffer": counts.weight_buffer_bits * sram(accelerator.weight_buffer_kib),
        "output_buffer": counts.output_buffer_bits * sram(accelerator.output_buffer_kib),
        "dram": counts.dram_bits * table.dram_pj_per_bit,
    }
