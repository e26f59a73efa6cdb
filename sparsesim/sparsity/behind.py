"""The tensor behind a layer: what quantises it."""

from __future__ import annotations

from sparsesim.graph import Layer


def quantiser_behind(layer: Layer) -> tuple[str, str]:
    """Scale and zero point of the tensor behind a layer; empty where it is float."""
    scale, zero = layer.output_scale, layer.output_zero
    for fused in layer.chain:
        if fused.op == "QuantizeLinear":
            scale, zero = fused.scale, fused.zero
        elif fused.op == "DequantizeLinear":
            scale, zero = "", ""
    return scale, zero
