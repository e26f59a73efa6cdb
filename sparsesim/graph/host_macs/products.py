"""MACs of convolutions and products: outputs times what is summed for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import onnx

from sparsesim.graph.host_macs.known import Known, UnknownError, attribute, read

Count = Callable[[onnx.NodeProto, Known], int]


def _convolution(node: onnx.NodeProto, known: Known, weight: int = 1) -> int:
    """A weight of [filters, channels of a group, kernel]: all but the first are summed."""
    w = known.shape(read(node, weight))
    return prod(known.shape(node.output[0])) * prod(w[1:])


def _transposed_convolution(node: onnx.NodeProto, known: Known) -> int:
    """Every input meets each filter and kernel element once; what padding crops is counted."""
    return prod(known.shape(node.input[0])) * prod(known.shape(node.input[1])[1:])


def _causal_convolution(node: onnx.NodeProto, known: Known) -> int:
    """Each channel by itself."""
    return prod(known.shape(node.output[0])) * prod(known.shape(node.input[1])[2:])


def _matrix_product(node: onnx.NodeProto, known: Known) -> int:
    """The reduction is the first operand's last axis; where that is transposed, another."""
    a = known.shape(node.input[0])
    axis = -1
    if attribute(node, "transA", 0) and len(a) > 1:
        axis = 0 if attribute(node, "transBatchA", 0) else -2
    return prod(known.shape(node.output[0])) * a[axis]


def _narrow_product(node: onnx.NodeProto, known: Known) -> int:
    """K and N are attributes; the weight is packed."""
    k, n = attribute(node, "K", 0), attribute(node, "N", 0)
    a = known.shape(node.input[0])
    if not k or a[-1] != k:
        raise UnknownError(node.input[0])
    return prod(a[:-1]) * k * n


def _narrow_pair(node: onnx.NodeProto, known: Known) -> int:
    """A gate and what it lets through: two products of one operand."""
    return 2 * _narrow_product(node, known)


def _narrow_triple(node: onnx.NodeProto, known: Known) -> int:
    """Query, key and value of one operand."""
    outputs = attribute(node, "Nq", 0) + 2 * attribute(node, "Nkv", 0)
    return prod(known.shape(node.input[0])) * outputs


def _distances(node: onnx.NodeProto, known: Known) -> int:
    """Every row of one against every row of the other."""
    a, b = known.shape(node.input[0]), known.shape(node.input[1])
    return a[0] * b[0] * a[1]


STANDARD: dict[str, Count] = {
    "Conv": _convolution,
    "ConvInteger": _convolution,
    "DeformConv": _convolution,
    "QLinearConv": partial(_convolution, weight=3),
    "ConvTranspose": _transposed_convolution,
    "CausalConvWithState": _causal_convolution,
    **dict.fromkeys(("Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"), _matrix_product),
}
MICROSOFT: dict[str, Count] = {
    **dict.fromkeys(("FusedConv", "NhwcConv", "NhwcFusedConv"), _convolution),
    "QLinearConv": partial(_convolution, weight=3),
    "ConvTransposeWithDynamicPads": _transposed_convolution,
    "CausalConvWithState": _causal_convolution,
    **dict.fromkeys(
        (
            "DynamicQuantizeMatMul",
            "FusedGemm",
            "FusedMatMul",
            "FusedMatMulActivation",
            "GemmFastGelu",
            "GemmFloat8",
            "MatMulFpQ4",
            "MatMulInteger16",
            "MatMulIntegerToFloat",
            "QGemm",
            "TransposeMatMul",
        ),
        _matrix_product,
    ),
    **dict.fromkeys(("MatMulBnb4", "MatMulNBits"), _narrow_product),
    "MatMulNBitsMlp": _narrow_pair,
    "MatMulNBitsQkv": _narrow_triple,
    "CDist": _distances,
}
NCHWC: dict[str, Count] = {"Conv": _convolution}
