"""At how many bits the values of a layer's tensors are priced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator
    from sparsesim.trace import Trace, TraceLayer


@dataclass(frozen=True)
class ValueBits:
    """Bits of one value of each tensor of a layer, 1 to 64."""

    activation: int
    weight: int
    output: int


def value_bits_of(trace: Trace, layer: TraceLayer, accelerator: Accelerator) -> ValueBits:
    """What the accelerator says, else those of each tensor's type."""
    keys = (layer.activation, layer.weight, layer.output)
    return ValueBits(*(accelerator.value_bits or trace.tensors[key].value_bits for key in keys))
