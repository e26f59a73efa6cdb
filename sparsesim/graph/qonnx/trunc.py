"""`Trunc`: drops low bits of quantised numbers, as behind an average.

Version 1 has x, scale, zero point, bits in, bits out; version 2 has a scale in front of the last,
that of the output, and clips to the bits.
"""

from __future__ import annotations

import numpy as np
import onnx

from sparsesim.graph.qonnx.codes import dequantise, kind_of
from sparsesim.graph.qonnx.lowering import Lowering
from sparsesim.graph.qonnx.quant import limits, whole_width
from sparsesim.graph.qonnx.rounding import add_rounding, mode_of


def lower(work: Lowering, node: onnx.NodeProto) -> None:
    """Replace the node."""
    output, mode = node.output[0], mode_of(work, node, "FLOOR")
    second = len(node.input) > 5
    scale = work.number(node, 1, "scale")
    zero = work.number(node, 2, "zero point")
    bits = whole_width(work, node, 5 if second else 4, "output bit width")
    if second:
        scale_out = work.number(node, 4, "output scale")
        divisor = 2.0 ** round(np.log2(scale_out / scale))
        signed, narrow = (
            bool(next((a.i for a in node.attribute if a.name == name), default))
            for name, default in (("signed", 1), ("narrow", 0))
        )
        low, high = limits(bits, signed, narrow)
        zero_out = zero / divisor
    else:
        dropped = whole_width(work, node, 3, "input bit width") - bits
        divisor, scale_out, zero_out = 2.0**dropped, scale, zero
        # Neither the sign nor a range is said: a type that holds both kinds, or floats.
        low, high = -(1 << (bits - 1)), (1 << bits) - 1
    tensor = _number(work, "Div", node.input[0], scale, "steps", output)
    if zero:
        tensor = _number(work, "Add", tensor, zero, "shifted", output)
    tensor = work.add("Round", [tensor], "whole", output)
    tensor = _number(work, "Div", tensor, divisor, "dropped", output)
    if second:
        bounds = [work.hold(np.float32(value), "bound", output) for value in (low, high)]
        tensor = work.add("Clip", [tensor, *bounds], "clipped", output)
    tensor = add_rounding(work, tensor, mode, output)
    kind = kind_of(min(low, zero_out), max(high, zero_out))
    if kind is None or zero_out != round(zero_out):
        if zero_out:
            tensor = _number(work, "Sub", tensor, zero_out, "centred", output)
        work.give("Mul", [tensor, work.hold(np.float32(scale_out), "unit", output)], output)
        return
    element = onnx.helper.np_dtype_to_tensor_dtype(kind)
    codes = work.add("Cast", [tensor], "codes", output, to=element)
    work.widths[codes] = bits
    dequantise(work, codes, np.array(scale_out, np.float32), int(zero_out), kind, output, 1)


def _number(work: Lowering, op: str, tensor: str, number: float, part: str, of: str) -> str:
    return work.add(op, [tensor, work.hold(np.float32(number), f"{part}_by", of)], part, of)
