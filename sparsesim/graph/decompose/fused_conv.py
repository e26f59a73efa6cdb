"""FusedConv: a Conv, a tensor added to it, and an activation."""

from __future__ import annotations

from sparsesim.graph.decompose.activations import activate, parameters
from sparsesim.graph.decompose.builder import Builder

CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def rewrite(b: Builder) -> None:
    """Conv; Add where there is a fourth operand; the activation where there is one."""
    activation = b.text("activation", "")
    summed = b.input(3)
    if activation:
        parameters(activation)
    output = "" if activation or summed else b.output()
    x = b.add("Conv", b.input(0), b.input(1), b.input(2), output=output, **b.kept(*CONV))
    if summed:
        x = b.add("Add", x, summed, part="add", output="" if activation else b.output())
    if activation:
        activate(b, x, activation, b.numbers("activation_params"))
