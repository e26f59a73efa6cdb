"""Resources of an FPGA: what a design takes of it, or what there is."""

from __future__ import annotations

from dataclasses import dataclass, fields


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

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, times: float) -> Resources:
        return Resources(*(getattr(self, f.name) * times for f in fields(self)))

    def rounded(self) -> Resources:
        """Whole look-up tables, flip-flops and multipliers; half blocks of RAM."""
        return Resources(
            round(self.lut), round(self.ff), round(self.dsp), round(2 * self.bram36) / 2
        )
