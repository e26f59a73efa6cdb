"""`BipolarQuant`: x, scale. Gives +scale where x >= 0, else -scale: one bit, and no zeros."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from sparsesim.graph.qonnx.codes import dequantise, hold_constant
from sparsesim.graph.qonnx.lowering import Lowering


def lower(work: Lowering, node: onnx.NodeProto) -> None:
    """Replace the node."""
    output = node.output[0]
    x, scale = work.constant(node.input[0]), work.constant(node.input[1])
    if x is not None and scale is not None:
        codes = np.where(x >= 0, np.float32(1), np.float32(-1))
        hold_constant(work, codes, scale.astype(np.float32), 0.0, 1, output)
        return
    nothing, minus, plus = (
        work.hold(np.float32(value), part, output)
        for part, value in (("nothing", 0), ("minus", -1), ("plus", 1))
    )
    negative = work.add("Less", [node.input[0], nothing], "negative", output)
    signs = work.add("Where", [negative, minus, plus], "signs", output)
    if scale is None or scale.size != 1:
        work.give("Mul", [signs, node.input[1]], output)
        return
    codes_name = work.add("Cast", [signs], "codes", output, to=TensorProto.INT8)
    work.widths[codes_name] = 1
    dequantise(work, codes_name, scale, 0, np.dtype(np.int8), output, 1)
