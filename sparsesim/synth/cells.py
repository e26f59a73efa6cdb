"""What each cell of a netlist takes of the FPGA: the one table of prices, each with its reason.

The counts are conservative: two small functions that could share a LUT6 count as two, since only
placement decides that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from sparsesim.errors import SparseSimError
from sparsesim.synth.netlist import Module, Netlist


@dataclass(frozen=True)
class Counts:
    """Resources of a netlist.

    Attributes:
        lut: look-up tables, those used as memory or shift register among them.
        lut_ram: of these, those used as memory or shift register.
        ff: flip-flops outside DSP blocks.
        dsp: multiplier blocks.
        bram36: block RAMs of 36 Kb; half of one counts 0.5.
        cells: how many there are of each type.
    """

    lut: int = 0
    lut_ram: int = 0
    ff: int = 0
    dsp: int = 0
    bram36: float = 0.0
    cells: Counter[str] = field(default_factory=Counter, compare=False)

    def __add__(self, other: Counts) -> Counts:
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Counts(**sums)

    def __mul__(self, times: int) -> Counts:
        cells = Counter({name: number * times for name, number in self.cells.items()})
        numbers = {f.name: getattr(self, f.name) * times for f in fields(self) if f.name != "cells"}
        return Counts(**numbers, cells=cells)

    def as_json(self) -> dict[str, Any]:
        """Plain values by name; `Counts.from_json` reads them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return values | {"cells": dict(sorted(self.cells.items()))}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{**values, "cells": Counter(values["cells"])})


@dataclass(frozen=True)
class Price:
    """What one cell takes, and why."""

    why: str
    lut: int = 0
    lut_ram: int = 0
    ff: int = 0
    dsp: int = 0
    bram36: float = 0.0


def _memory(luts: int, why: str) -> Price:
    return Price(why, lut=luts, lut_ram=luts)


_CLB7 = "UG474, distributed RAM configurations: "
_CLBU = "UG574, distributed RAM configurations: "
_FLIP_FLOP = Price("one flip-flop of a slice", ff=1)
_FREE_MUX = Price("a multiplexer behind the LUTs of a slice, not a LUT")
_LUT = Price("one look-up table, however few of its inputs are used", lut=1)
_CONSTANT = Price("no cell of the device")

PRICES: dict[str, Price] = {
    **{f"LUT{inputs}": _LUT for inputs in range(1, 7)},
    "INV": Price("see `inverter_luts`: mostly folded into the LUT behind or before it"),
    **dict.fromkeys(["FDRE", "FDSE", "FDCE", "FDPE"], _FLIP_FLOP),
    **dict.fromkeys(["FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1"], _FLIP_FLOP),
    **dict.fromkeys(["MUXF7", "MUXF8", "MUXF9"], _FREE_MUX),
    "CARRY4": Price("the carry chain beside the LUTs; its LUTs are cells of their own"),
    "CARRY8": Price("the carry chain beside the LUTs; its LUTs are cells of their own"),
    "SRL16E": _memory(1, "UG474: a shift register of 16; two could share a LUT"),
    "SRLC16E": _memory(1, "UG474: a shift register of 16"),
    "SRLC32E": _memory(1, "UG474: a shift register of 32 is a whole LUT"),
    "RAM32X1S": _memory(1, _CLB7 + "32 x 1 single port, one LUT"),
    "RAM64X1S": _memory(1, _CLB7 + "64 x 1 single port, one LUT"),
    "RAM128X1S": _memory(2, _CLB7 + "128 x 1 single port, two LUTs"),
    "RAM256X1S": _memory(4, _CLB7 + "256 x 1 single port, four LUTs"),
    "RAM512X1S": _memory(8, _CLBU + "512 x 1 single port, eight LUTs"),
    "RAM32X1D": _memory(2, _CLB7 + "32 x 1 dual port, two LUTs"),
    "RAM64X1D": _memory(2, _CLB7 + "64 x 1 dual port, two LUTs"),
    "RAM128X1D": _memory(4, _CLB7 + "128 x 1 dual port, four LUTs"),
    "RAM256X1D": _memory(8, _CLBU + "256 x 1 dual port, eight LUTs"),
    "RAM32M": _memory(4, _CLB7 + "32 x 6 simple dual port, the four LUTs of a slice"),
    "RAM64M": _memory(4, _CLB7 + "64 x 3 simple dual port, the four LUTs of a slice"),
    "RAM32M16": _memory(8, _CLBU + "32 x 14 simple dual port, the eight LUTs of a slice"),
    "RAM64M8": _memory(8, _CLBU + "64 x 7 simple dual port, the eight LUTs of a slice"),
    "DSP48E1": Price("UG479: one DSP slice", dsp=1),
    "DSP48E2": Price("UG579: one DSP slice", dsp=1),
    "RAMB18E1": Price("UG473: half of a 36 Kb block", bram36=0.5),
    "RAMB36E1": Price("UG473: a 36 Kb block", bram36=1.0),
    "RAMB18E2": Price("UG573: half of a 36 Kb block", bram36=0.5),
    "RAMB36E2": Price("UG573: a 36 Kb block", bram36=1.0),
    **dict.fromkeys(["GND", "VCC", "VLO", "VHI"], _CONSTANT),
    "LUT4": _LUT,
    "PFUMX": _FREE_MUX,
    "L6MUX21": _FREE_MUX,
    "CCU2C": Price("FPGA-DS-02012, 2.2: two LUT4 of a slice in carry mode", lut=2),
    "TRELLIS_FF": _FLIP_FLOP,
    "TRELLIS_DPR16X4": _memory(
        6,
        "FPGA-TN-02204, distributed RAM: 16 x 4 pseudo dual port takes the four LUT4 of slices A "
        "and B, and slice C writes, so that its two are no LUTs any more; nextpnr counts the same",
    ),
    "MULT18X18D": Price("FPGA-DS-02012, 2.9: one 18x18 multiplier", dsp=1),
    "DP16KD": Price("FPGA-DS-02012, 2.5: one block of 18 Kb, half of 36 Kb", bram36=0.5),
    "$scopeinfo": _CONSTANT,  # where a flattened module was
}


def count(netlist: Netlist, module: str | None = None) -> Counts:
    """Resources of a module with all that it instantiates.

    Args:
        netlist: mapped to the cells of a family.
        module: None is the top.
    Raises:
        SparseSimError: a cell without a price.
    """
    name = module or netlist.top
    total = _own(name, netlist.modules[name], netlist)
    for child, instances in netlist.children(name).items():
        total += count(netlist, child) * instances
    return total


def _own(name: str, module: Module, netlist: Netlist) -> Counts:
    cells = Counter(cell.type for cell in module.cells.values() if cell.type not in netlist.modules)
    total = Counts()
    for kind, number in cells.items():
        if kind not in PRICES:
            raise SparseSimError(f"{name}: Yosys made a cell {kind} that has no price here")
        price = PRICES[kind]
        one = Counts(price.lut, price.lut_ram, price.ff, price.dsp, price.bram36)
        total += one * number
    return total + Counts(lut=inverter_luts(module), cells=cells)


def inverter_luts(module: Module) -> int:
    """LUTs that a module's inverters take.

    One that only feeds LUTs is folded into these, and one behind a LUT that feeds nothing else into
    that. Any other (before a flip-flop, a memory, a DSP, a port) is a LUT.
    """
    return sum(
        not (_all_luts(module.readers(cell.pin("O"))) or _is_private_lut(module, cell.pin("I")))
        for cell in module.cells.values()
        if cell.type == "INV"
    )


def _all_luts(readers: Iterable[tuple[str, str]]) -> bool:
    return all(kind.startswith("LUT") for kind, _ in readers)


def _is_private_lut(module: Module, bit: int | str) -> bool:
    driver = module.driver(bit)
    return driver is not None and driver.type.startswith("LUT") and len(module.readers(bit)) == 1
