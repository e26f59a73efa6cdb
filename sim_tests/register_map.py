"""The register map of sparsesim_registers.v, whose header says what each register means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sparsesim.machines.inner_join import CLASSES

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


# The names of the machine's parameters in the order of their registers.
PARAMETERS = (
    "ROWS", "COLS", "WINDOW", "LANES", "QUEUE_DEPTH", "FEED_LATENCY", "SKIPPING",
    "POSITIONS_INNER", "ACT_W", "WEIGHT_W", "ACC_W", "VALUE_W", "COUNTERS_EN", "MAX_FILTERS",
)  # fmt: skip

_KEPT = {
    "WINDOWS": 16, "FILTER_TILES": 16, "POSITION_TILES": 16, "LAST_FILTERS": 11,
    "LAST_POSITIONS": 11, "LAST_LENGTH": 7, "DRAINS": 1, "RELU": 1, "THRESHOLD": _VALUE,
    "ZERO_POINT": _VALUE, "LOW": _VALUE, "HIGH": _VALUE, "RAW": 1,
    "ACTIVATION_ZERO_POINT": _VALUE, "ACTIVATION_SIGNED": 1, "WEIGHT_ZERO_POINT": _VALUE,
    "WEIGHT_SIGNED": 1, "PARAM_INDEX": 16, "PARAM_BIAS": 32, "PARAM_MULTIPLIER": 32,
    "PARAM_SHIFT": 6,
}  # fmt: skip

COUNTS = ("CYCLES", *(name.upper() for name in CLASSES))
"""Counts of a pass, 48 bits each: registers NAME and NAME_HIGH."""


def registers(value_bits: int) -> Mapping[str, Register]:
    """All registers by name.

    Args:
        value_bits: VALUE_W of the machine.
    """
    found = {
        "ID": Register(0x000, 32),
        "VERSION": Register(0x004, 32),
        "CONTROL": Register(0x008, 2),
        "STATUS": Register(0x00C, 2),
    }
    for number, name in enumerate(PARAMETERS):
        found[name] = Register(0x010 + 4 * number, 32)
    for number, (name, bits) in enumerate(_KEPT.items()):
        found[name] = Register(0x080 + 4 * number, bits or value_bits + 1, is_kept=True)
    for number, name in enumerate(COUNTS):
        found[name] = Register(0x100 + 8 * number, 32)
        found[f"{name}_HIGH"] = Register(0x104 + 8 * number, 16)
    return found


REGISTERS = registers(value_bits=8)
"""Those of a machine of 8-bit values."""
