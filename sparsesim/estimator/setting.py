"""What layers are estimated on, read from accelerator and device once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sparsesim.errors import SpecError
from sparsesim.machines import Machine
from sparsesim.machines.scheme import Scheme
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle

_LEAST_BITS_PER_CYCLE = Fraction(1, 10**6)


@dataclass(frozen=True)
class Setting:
    """An accelerator on a device.

    Attributes:
        accelerator: the machine's array and its memory.
        rules: the machine. array: its parameters.
        schemes: that are counted.
        bits_per_cycle: of DRAM.
    """

    accelerator: Accelerator
    rules: Machine
    array: Any
    schemes: tuple[Scheme, ...]
    bits_per_cycle: Fraction


def setting(accelerator: Accelerator, device: Device, scheme: str | None = None) -> Setting:
    """The setting of all schemes of an accelerator's machine, or of one.

    Raises:
        SpecError: hardly any DRAM bits a cycle.
    """
    bits_per_cycle = dram_bits_per_cycle(device, accelerator)
    if bits_per_cycle < _LEAST_BITS_PER_CYCLE:  # cycles must fit 64 bits
        raise SpecError(
            f"clock_mhz {accelerator.clock_mhz} with dram_gb_per_s {device.dram_gb_per_s} gives "
            f"{float(bits_per_cycle):.2g} DRAM bits a cycle; use "
            f"{float(_LEAST_BITS_PER_CYCLE):.2g} or more"
        )
    rules = accelerator.rules
    schemes = rules.schemes if scheme is None else (rules.scheme(scheme),)
    return Setting(accelerator, rules, accelerator.array, schemes, bits_per_cycle)
