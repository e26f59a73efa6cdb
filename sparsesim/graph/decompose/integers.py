"""Products of quantised operands: between DequantizeLinear nodes, or as MatMulInteger.

The first makes one layer with its bias and what follows, and needs what is constant to be so; the
second takes anything that is quantised to 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.graph.decompose.builder import Builder

BY_AXIS = 13  # the opset from which DequantizeLinear takes a scale for each channel


@dataclass(frozen=True)
class Quantised:
    """A quantised tensor: names of its integers, of its scale and of its zero point (or empty)."""

    integers: str
    scale: str
    zero: str

    def is_constant(self, b: Builder) -> bool:
        """Whether scale and zero point are."""
        return all(b.constant(name) is not None for name in (self.scale, self.zero) if name)

    def channels(self, b: Builder) -> int:
        """How many scales or zero points there are; 1 where they are the tensor's."""
        vectors = [b.constant(name) for name in (self.scale, self.zero) if name]
        return max((vector.size for vector in vectors if vector is not None), default=1)


def dequantised(
    b: Builder, tensor: Quantised, part: str, axis: int = 1, factor: np.float32 | None = None
) -> str:
    """A tensor of constant scale and zero point behind a DequantizeLinear.

    Args:
        b: the builder.
        tensor: what.
        part: of the node's name.
        axis: of the channels.
        factor: float32; its values are multiplied by it.
    """
    scale, zero = b.known(tensor.scale), b.constant(tensor.zero)
    channels = tensor.channels(b)
    shape = () if channels == 1 else (channels,)
    spread = lambda vector: np.broadcast_to(vector.reshape(-1), (channels,)).reshape(shape)  # noqa: E731
    if factor is not None:
        scale = factor * scale
    names = [tensor.integers, b.value(spread(scale), f"{part}/scale")]
    if zero is not None:
        names.append(b.value(spread(zero), f"{part}/zero"))
    if channels == 1:
        return b.add("DequantizeLinear", *names, part=part)
    return b.add("DequantizeLinear", *names, part=part, axis=axis)


def may_be_dequantised(b: Builder, first: Quantised, second: Quantised) -> bool:
    """Whether a layer will be recognised behind DequantizeLinear nodes of these operands."""
    if not (first.is_constant(b) and second.is_constant(b)) or first.channels(b) > 1:
        return False
    columns, weight = second.channels(b), b.constant(second.integers)
    if columns == 1:
        return True
    vectors = [b.constant(name) for name in (second.scale, second.zero) if name]
    fits = all(vector is not None and vector.size in (1, columns) for vector in vectors)
    return fits and b.facts.opset >= BY_AXIS and weight is not None


def integer_product(
    b: Builder, first: Quantised, second: Quantised, unit: str, bias: str = "", part: str = ""
) -> str:
    """MatMulInteger, times the unit of its sums: float32.

    Args:
        b: the builder.
        first, second: operands; a zero point for each column of the second.
        unit: the tensor of what one in the sums stands for.
        bias: an int32 tensor added to the sums, or empty.
        part: of the product's name, as of `Builder.add`.
    """
    inside = f"{part}/" if part else ""
    operands = (first.integers, second.integers, first.zero, second.zero)
    sums = b.add("MatMulInteger", *operands, part=part)
    if bias:
        sums = b.add("Add", sums, bias, part=f"{inside}add")
    real = b.add("Cast", sums, part=f"{inside}cast", to=1)
    return b.add("Mul", real, unit, part=f"{inside}scaled")


def ending_in_bias(b: Builder, x: str, bias: str) -> None:
    """A float vector added where there is one; then it is the node's output."""
    if not bias:
        b.nodes[-1].output[0] = b.output()
        return
    b.add("Add", x, bias, part="bias", output=b.output())
