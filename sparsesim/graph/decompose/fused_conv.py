"""FusedConv: a Conv, a tensor added to it, and an activation."""

from __future__ import annotations

from sparsesim.graph.decompose.activations import activate, parameters
from sparsesim.graph.decompose.builder import Builder

CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def rewrite(b: Builder) -> None:
    """Conv; Add where there is a fourth operand; the activation where there is one."""
    fused_conv(b, b.input(0), b.input(3), b.output())


def fused_conv(b: Builder, x: str, summed: str, output: str) -> str:
    """The nodes, for operands of which channels are the second axis.

    Args:
        b: the builder.
        x: the activation.
        summed: what is added, or empty.
        output: as of `Builder.add`.
    Returns:
        what they give.
    """
    activation = b.text("activation", "")
    if activation:
        parameters(activation)
    inner = "" if activation or summed else output
    y = b.add("Conv", x, b.input(1), b.input(2), output=inner, **b.kept(*CONV))
    if summed:
        y = b.add("Add", y, summed, part="add", output="" if activation else output)
    if activation:
        y = activate(b, y, activation, b.numbers("activation_params"), output)
    return y
