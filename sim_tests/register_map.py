"""The register map of sparsesim_registers.v, whose header says what each register means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OKAY, SLVERR, DECERR = 0, 2, 3
ID, VERSION = 0x5350534D, 1
START, CLEAR = 1, 2  # CONTROL
BUSY, OVERFLOW = 1, 2  # STATUS

_VALUE = 0  # bits: one more than a value has


@dataclass(frozen=True)
class Register:
    """One register of up to 32 bits.

    Attributes:
        offset: of its first byte.
        bits: how many it has, from the lowest on.
        is_kept: it holds what is written to it.
    """

    offset: int
    bits: int
    is_kept: bool = False


KEPT = {
    "RELU": 1, "THRESHOLD": _VALUE, "ZERO_POINT": _VALUE, "LOW": _VALUE, "HIGH": _VALUE, "RAW": 1,
    "ACTIVATION_ZERO_POINT": _VALUE, "ACTIVATION_SIGNED": 1, "WEIGHT_ZERO_POINT": _VALUE,
    "WEIGHT_SIGNED": 1, "PARAM_INDEX": 16, "PARAM_BIAS": 32, "PARAM_MULTIPLIER": 32,
    "PARAM_SHIFT": 6,
}  # fmt: skip
"""Bits of what every machine keeps, in the order of their registers."""


@dataclass(frozen=True)
class Words:
    """A machine's own words in the map, in the order of their registers.

    Attributes:
        parameters: names of its parameters.
        shape: bits of each word of a pass's shape.
        classes: names of its classes of slots.
    """

    parameters: tuple[str, ...]
    shape: Mapping[str, int]
    classes: tuple[str, ...]

    @property
    def counts(self) -> tuple[str, ...]:
        """Counts of a pass, 48 bits each: registers NAME and NAME_HIGH."""
        return ("CYCLES", *self.classes)

    def registers(self, value_bits: int) -> Mapping[str, Register]:
        """All registers by name.

        Args:
            value_bits: VALUE_W of the accelerator.
        """
        found = {
            "ID": Register(0x000, 32),
            "VERSION": Register(0x004, 32),
            "CONTROL": Register(0x008, 2),
            "STATUS": Register(0x00C, 2),
        }
        for number, name in enumerate(self.parameters):
            found[name] = Register(0x010 + 4 * number, 32)
        for number, (name, bits) in enumerate({**self.shape, **KEPT}.items()):
            found[name] = Register(0x080 + 4 * number, bits or value_bits + 1, is_kept=True)
        for number, name in enumerate(self.counts):
            found[name] = Register(0x100 + 8 * number, 32)
            found[f"{name}_HIGH"] = Register(0x104 + 8 * number, 16)
        return found
