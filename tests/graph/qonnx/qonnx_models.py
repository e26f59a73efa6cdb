"""Small QONNX files, and what QONNX's own executor makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

GENERAL = "qonnx.custom_op.general"


def model(
    nodes, constants, inputs, outputs, opset: int = 13, domain: str = GENERAL, imports: bool = True
) -> onnx.ModelProto:
    """Nodes whose operators are none of ONNX's get the domain; `imports`: which is imported."""
    own = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold")
    for node in nodes:
        if node.op_type in own:
            node.domain = domain
    infos = [
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, s) for name, s in side.items()]
        for side in (inputs, outputs)
    ]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    graph = helper.make_graph(nodes, "small", *infos, weights)
    opsets = [helper.make_opsetid("", opset)]
    if imports:
        opsets.append(helper.make_opsetid(domain, 1))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def executed(made: onnx.ModelProto, feed: dict[str, np.ndarray]) -> dict[str, Any]:
    """Every tensor, by QONNX's executor."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    wrapped = ModelWrapper(made).transform(InferShapes())
    return execute_onnx(wrapped, feed, return_full_exec_context=True)


def quant(x: str, y: str, bits: str, scale: str = "s", zero: str = "z", **more: Any):
    """A Quant node; signed, not narrow and half to even where not said."""
    said = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", **more}
    return helper.make_node("Quant", [x, scale, zero, bits], [y], **said)


def f(value: Any) -> np.ndarray:
    """A float32 constant."""
    return np.asarray(value, np.float32)
