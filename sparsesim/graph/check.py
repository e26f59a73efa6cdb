"""The checker of onnx, and operators it lacks: ONNX Runtime has some of its own in that domain."""

from __future__ import annotations

import onnx
from onnx import helper

from sparsesim.errors import ModelError
from sparsesim.graph.quiet import quiet
from sparsesim.graph.session import one_line
from sparsesim.graph.walk import nodes

# ONNX Runtime writes and takes them without a domain; some became ONNX's in a later opset.
_RUNTIMES_OWN = (
    "Affine",
    "Crop",
    "DynamicSlice",
    "GRUUnit",
    "GivenTensorFill",
    "ImageScaler",
    "LayerNormalization",
    "MeanVarianceNormalization",
    "ParametricSoftplus",
    "Scale",
    "ScaledTanh",
    "SimplifiedLayerNormalization",
    "ThresholdedRelu",
)
_ELSEWHERE = "onnxruntime"  # a domain whose nodes the checker leaves alone


def check_model(model: onnx.ModelProto, where: str, opset: int | None) -> None:
    """Check a model, nodes that only ONNX Runtime knows left out.

    Args:
        model: in one domain, without sparse tensors.
        where: its name in errors.
        opset: version of ONNX's own operators; None: it imports none.
    Raises:
        ModelError: it is not valid.
    """
    try:
        with quiet():
            onnx.checker.check_model(_checked(model, opset))
    except (onnx.checker.ValidationError, UnicodeError, ValueError) as error:
        raise ModelError(f"{where}: not a valid ONNX model: {one_line(error)}") from error


def _checked(model: onnx.ModelProto, opset: int | None) -> onnx.ModelProto:
    """The model, or a copy in which such nodes are of another domain."""
    if opset is None or not any(_is_runtimes(node, opset) for node in nodes(model)):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in nodes(copy):
        if _is_runtimes(node, opset):
            node.domain = _ELSEWHERE
    for holder in (copy, *copy.functions):
        holder.opset_import.append(helper.make_opsetid(_ELSEWHERE, 1))
    return copy


def _is_runtimes(node: onnx.NodeProto, opset: int) -> bool:
    known = onnx.defs.has(node.op_type, max_inclusive_version=opset, domain="")
    return not node.domain and node.op_type in _RUNTIMES_OWN and not known
