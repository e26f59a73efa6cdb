"""An FPGA on a board: what it offers, each figure with its source. It knows no machine."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from sparsesim.spec.accelerator import Accelerator
from sparsesim.spec.sourced import SourcedSpec

DEFAULT_DEVICE = "xczu9eg"
"""The device where a user names none: that of the ZCU102."""


class Device(SourcedSpec):
    """An FPGA and the memory of its board.

    Args:
        name: how reports call it; not part of `sha256()`.
        vendor, family, part, board: words for a reader; nothing is computed from them.
        lut: look-up tables.
        ff: flip-flops.
        dsp: multiplier blocks.
        bram_blocks: block RAMs.
        bram_block_bits: bits of one block RAM, parity bits among them.
        uram_blocks: UltraRAMs, or a like second kind of large block.
        uram_block_bits: bits of one of these.
        lut_inputs: inputs of a look-up table, 3 to 8.
        macs8_per_dsp: 8-bit multiply-accumulates that one multiplier block can pack, 1 to 4.
        dram_gb_per_s: peak bandwidth of the board's memory in 10^9 bytes a second, above 0.
        sources: key of a figure to the document it stands in.
    Raises:
        SpecError: unknown key, missing key, wrong type, out of range, source of no figure.
    """

    _folder: ClassVar[str] = "devices"
    _word: ClassVar[str] = "device"
    _figures: ClassVar[tuple[str, ...]] = (
        "lut",
        "ff",
        "dsp",
        "bram_blocks",
        "bram_block_bits",
        "uram_blocks",
        "uram_block_bits",
        "lut_inputs",
        "macs8_per_dsp",
        "dram_gb_per_s",
    )

    name: str = "custom"
    vendor: str = ""
    family: str = ""
    part: str = ""
    board: str = ""
    lut: int = Field(ge=1)
    ff: int = Field(ge=1)
    dsp: int = Field(ge=0)
    bram_blocks: int = Field(ge=0)
    bram_block_bits: int = Field(ge=1)
    uram_blocks: int = Field(default=0, ge=0)
    uram_block_bits: int = Field(default=0, ge=0)
    lut_inputs: int = Field(default=6, ge=3, le=8)
    macs8_per_dsp: int = Field(default=1, ge=1, le=4)
    dram_gb_per_s: float = Field(gt=0)

    @property
    def bram_bits(self) -> int:
        """Bits of all block RAMs."""
        return self.bram_blocks * self.bram_block_bits

    @property
    def bram36(self) -> float:
        """Block RAMs of 36 Kb that they make up."""
        return self.bram_bits / 36_864

    @property
    def uram_bits(self) -> int:
        """Bits of all UltraRAMs."""
        return self.uram_blocks * self.uram_block_bits


def dram_bits_per_cycle(device: Device, accelerator: Accelerator) -> Fraction:
    """DRAM bits a cycle: the device's bandwidth over the accelerator's clock.

    Exact in the decimal figures as written: 17.064 GB/s at 200 MHz are 17064/25 bits a cycle,
    so that `ceil(bits / this)` of a transfer doesn't hang on the rounding of a float.

    Args:
        device: gives `dram_gb_per_s`.
        accelerator: gives `clock_mhz`.
    Returns:
        bits a cycle, above 0.
    Source: docs/model.md, "Schedule".
    """
    bits_per_us = Fraction(repr(device.dram_gb_per_s)) * 8000  # 10^9 bytes/s = 8000 bits/us
    return bits_per_us / Fraction(repr(accelerator.clock_mhz))
