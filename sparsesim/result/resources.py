"""Resources of an FPGA: as records, and in words, the same in warnings and reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import SerializeAsAny, ValidationInfo, field_validator

from sparsesim.machines import machine_named
from sparsesim.result.record import Record
from sparsesim.spec.base import Spec

NAMES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM"}
"""What readers call the fields of `Resources`."""


class Resources(Record):
    """Of an FPGA: `bram36` in blocks of 36 Kb, in halves; `lut` with memories in LUTs."""

    lut: float
    ff: float
    dsp: float
    bram36: float


class IsoResource(Record):
    """The fastest dense array in the accelerator's own LUTs, DSPs and block RAM.

    Attributes:
        family: of FPGAs, whose synthesis prices both.
        machine: of the dense array. array: its parameters.
        packed_pairs: pairs of its multipliers that share a block, where its
            parameters do not say so.
        clock_mhz: its clock; `clock_source` says where it is from.
        cycles: its total cycles for all images.
        seconds: of all images, at its clock.
        sparse_seconds: the accelerator's, under its own scheme and at its own clock.
        speedup: seconds / sparse_seconds; below 1 the dense array is faster.
        used: what the dense array takes.
        budget: what the accelerator takes.
        is_proven: no other array that fits can be faster; else only the most promising were tried.
    """

    family: str
    machine: str
    array: SerializeAsAny[Spec]
    packed_pairs: int
    clock_mhz: float
    clock_source: str
    cycles: int
    seconds: float
    sparse_seconds: float
    speedup: float
    used: Resources
    budget: Resources
    is_proven: bool

    @field_validator("array", mode="before")
    @classmethod
    def _of_its_machine(cls, value: Any, info: ValidationInfo) -> Any:
        return (
            machine_named(info.data["machine"]).Array(**value) if isinstance(value, dict) else value
        )


class OnDevice(Record):
    """The accelerator on its device, by the area model and placements of its parts.

    Attributes:
        family: of FPGAs, whose synthesis prices it.
        used: what the accelerator takes.
        available: what the device has.
        shares: used / available by the names of `Resources`; None where the device has none.
        fits: nothing takes more than there is.
        reached_mhz: the highest clock of its slowest part; `reached_source` says where it is from.
    """

    family: str
    used: Resources
    available: Resources
    shares: dict[str, float | None]
    fits: bool
    reached_mhz: float
    reached_source: str


def share_in_words(found: OnDevice, name: str) -> str:
    """`244.2 %` of a resource; `16 of 0` where the device has none."""
    share = found.shares[name]
    return f"{getattr(found.used, name):g} of 0" if share is None else f"{share * 100:.1f} %"


def shares_in_words(found: OnDevice, names: Iterable[str] = NAMES) -> str:
    """`LUT 244.2 %, FF 37.5 %, ...`."""
    return ", ".join(f"{NAMES[name]} {share_in_words(found, name)}" for name in names)


def does_not_fit(found: OnDevice, device: str) -> str | None:
    """`does not fit xc7z020: LUT 244.2 %`; None where it fits."""
    short = [name for name in NAMES if getattr(found.used, name) > getattr(found.available, name)]
    return f"does not fit {device}: {shares_in_words(found, short)}" if short else None
