"""com.microsoft's QLinearConv: ONNX's, the activation's channels second or last."""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder
from sparsesim.graph.decompose.channels_last import channels_last, channels_second
from sparsesim.graph.decompose.fused_conv import CONV


def rewrite(b: Builder) -> None:
    """QLinearConv, between transpositions where channels are last."""
    b.needs_opset(10, "QLinearConv")
    x, *others = b.node.input
    if not b.integer("channels_last", 0):
        b.add("QLinearConv", x, *others, output=b.output(), **b.kept(*CONV))
        return
    y = b.add("QLinearConv", channels_second(b, x, "x"), *others, **b.kept(*CONV))
    channels_last(b, y, "y", b.output())
