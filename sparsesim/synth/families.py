"""FPGA families that the Verilog can be synthesised for, under the names users type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparsesim.errors import SpecError, nearest

if TYPE_CHECKING:
    from sparsesim.spec import Device


@dataclass(frozen=True)
class Family:
    """A family of FPGAs.

    Attributes:
        name: as users type it, and as Yosys calls it.
        words: as a reader knows it.
        devices: beginnings of `Device.family` that belong to it.
        lut_inputs: inputs of a look-up table.
        is_placed: nextpnr can place and route it, so that its clock is found and not assumed.
    """

    name: str
    words: str
    devices: tuple[str, ...]
    lut_inputs: int
    is_placed: bool


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "xc7",
            "AMD 7 series",
            ("Zynq-7000", "Artix-7", "Kintex-7", "Virtex-7", "Spartan-7"),
            6,
            False,
        ),
        Family(
            "xcup",
            "AMD UltraScale+",
            ("Zynq UltraScale+", "Virtex UltraScale+", "Kintex UltraScale+", "Artix UltraScale+"),
            6,
            False,
        ),
        Family("ecp5", "Lattice ECP5", ("ECP5",), 4, True),
    )
}


def family_named(name: str) -> Family:
    """The family of that name.

    Raises:
        SpecError: unknown name.
    """
    if name not in FAMILIES:
        raise SpecError(f"unknown family '{name}'; {nearest(name, FAMILIES)}")
    return FAMILIES[name]


def family_of(device: Device) -> Family:
    """The family that a device belongs to, by the word `family` of its file.

    Raises:
        SpecError: a device of a family that Yosys is not told to synthesise for here.
    """
    for family in FAMILIES.values():
        if device.family.startswith(family.devices):
            return family
    known = ", ".join(word for family in FAMILIES.values() for word in family.devices)
    raise SpecError(f"{device.name}: family '{device.family}' has no synthesis; use one of {known}")
