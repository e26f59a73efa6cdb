"""Resources of an FPGA: what a design takes of it, or what there is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.spec import Device


@dataclass(frozen=True)
class Resources:
    """Resources, of any design or budget.

    Attributes:
        lut: look-up tables, memories in them among them.
        ff: flip-flops.
        dsp: multiplier blocks.
        bram36: block RAM in blocks of 36 Kb; half of one counts 0.5.
    """

    lut: float = 0.0
    ff: float = 0.0
    dsp: float = 0.0
    bram36: float = 0.0

    @classmethod
    def of(cls, device: Device) -> Resources:
        """What there is on a device."""
        return cls(device.lut, device.ff, device.dsp, device.bram36)

    def shares(self, there: Resources) -> dict[str, float | None]:
        """What each is of what there is, by name; None of what there is nothing of."""
        found: dict[str, float | None] = {}
        for one in fields(self):
            most = getattr(there, one.name)
            found[one.name] = getattr(self, one.name) / most if most else None
        return found

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, times: float) -> Resources:
        return Resources(*(getattr(self, f.name) * times for f in fields(self)))

    def rounded(self) -> Resources:
        """Whole look-up tables, flip-flops and multipliers; half blocks of RAM."""
        return Resources(
            round(self.lut), round(self.ff), round(self.dsp), round(2 * self.bram36) / 2
        )
