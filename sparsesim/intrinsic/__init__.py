"""Intrinsic emulation: products and partial sums of MAC layers in narrow fixed-point formats."""

from __future__ import annotations

from sparsesim.intrinsic.emulating import emulate
from sparsesim.intrinsic.emulation import Emulation, LayerEmulation

__all__ = ["Emulation", "LayerEmulation", "emulate"]
