"""NhwcFusedConv and NhwcConv: FusedConv of activations whose last axis is the channels."""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder
from sparsesim.graph.decompose.channels_last import channels_last, channels_second
from sparsesim.graph.decompose.fused_conv import fused_conv


def rewrite(b: Builder) -> None:
    """FusedConv's nodes between transpositions."""
    x = channels_second(b, b.input(0), "X")
    summed = channels_second(b, b.input(3), "Z") if b.input(3) else ""
    channels_last(b, fused_conv(b, x, summed, ""), "Y", b.output())
