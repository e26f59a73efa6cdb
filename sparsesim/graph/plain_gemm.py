"""Gemm nodes without factors: alpha goes into the weight, beta into the bias.

A quantiser knows no factors: it scales the bias by beta and leaves beta in the node as well, and a
product with alpha is no plain sum of integers.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sparsesim.graph.names import unused


def without_factors(model: onnx.ModelProto) -> None:
    """Rewrite, in place, each Gemm whose factors can go into constants.

    Args:
        model: plain ONNX with initialisers. A Gemm of two computed operands keeps its alpha, one
            with a computed bias its beta; an activation that is read transposed gets a node for it.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    taken = set(constants).union(*(node.output for node in model.graph.node))
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "Gemm" and not node.domain:
            weight = next((at for at in (1, 0) if node.input[at] in constants), None)
            if weight is not None and _factor(node, "alpha") != 1.0:
                _scale(model, node, weight, "alpha", constants, taken)
            if len(node.input) > 2 and node.input[2] in constants and _factor(node, "beta") != 1.0:
                _scale(model, node, 2, "beta", constants, taken)
            if weight == 1 and any(a.name == "transA" and a.i for a in node.attribute):
                nodes.append(_turned(node, taken))
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _factor(node: onnx.NodeProto, name: str) -> float:
    return next((a.f for a in node.attribute if a.name == name), 1.0)


def _scale(model, node, at: int, name: str, constants, taken: set[str]) -> None:
    """Put a factor into a constant of the node's own: others may read the one that was there."""
    values = numpy_helper.to_array(constants[node.input[at]])
    scaled = (values * np.float32(_factor(node, name))).astype(values.dtype)
    own = unused(f"{node.name}/{name}", taken)
    constants[own] = numpy_helper.from_array(scaled, own)
    model.graph.initializer.append(constants[own])
    node.input[at] = own
    _drop(node, name)


def _turned(node: onnx.NodeProto, taken: set[str]) -> onnx.NodeProto:
    turned = unused(f"{node.name}/turned", taken)
    before = helper.make_node("Transpose", [node.input[0]], [turned], turned, perm=[1, 0])
    node.input[0] = turned
    _drop(node, "transA")
    return before


def _drop(node: onnx.NodeProto, name: str) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
