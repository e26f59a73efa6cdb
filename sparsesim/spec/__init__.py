"""What users write: accelerators, devices and energy tables, in TOML or in Python."""

from sparsesim.spec.accelerator import Accelerator
from sparsesim.spec.device import Device

__all__ = ["Accelerator", "Device"]
