"""Which value counts as zero: of a tensor as it is written, and for each layer that reads it.

What is written counts relative to its writer's zero point, what is read to its reader's. Where the
two differ, one tensor has two masks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.graph import Graph, HostStep

# Operators that give quantised tensors -> which of their inputs is the output's zero point.
_OUTPUT_ZERO = {
    "QuantizeLinear": 2,
    "QLinearConv": 7,
    "QLinearMatMul": 7,
    "QGemm": 8,
    "QLinearAdd": 7,
    "QLinearMul": 7,
    "QLinearConcat": 1,
    "QLinearSigmoid": 4,
    "QLinearLeakyRelu": 4,
    "QLinearSoftmax": 4,
    "QLinearAveragePool": 4,
    "QLinearGlobalAveragePool": 4,
}


def zero_points(graph: Graph) -> dict[str, str]:
    """Tensor -> the zero point's tensor by which it counts as written; absent: zero itself.

    Of a tensor whose maker has no zero point (a pool, say), its first reader's.
    """
    written: dict[str, str] = {}
    read: dict[str, str] = {}
    for node in graph.model.graph.node:
        names = [*node.input, *[""] * 9]
        if node.op_type in _OUTPUT_ZERO:
            zero = names[_OUTPUT_ZERO[node.op_type]]
            if node.op_type != "QuantizeLinear" or _has_one_scale(graph, names[1]):
                written[node.output[0]] = zero
        elif node.op_type == "DynamicQuantizeLinear":
            written[node.output[0]] = node.output[2]
        elif node.op_type == "DequantizeLinear" and _has_one_scale(graph, names[1]):
            read.setdefault(names[0], names[2])
    for step in graph.steps:
        if not isinstance(step, HostStep):
            read.setdefault(step.activation, step.activation_zero)
    return {name: zero for name, zero in {**read, **written}.items() if zero}


def other_zeros(graph: Graph, zeros: Mapping[str, str]) -> dict[str, str]:
    """Layer -> in words, the zero by which it reads its activation, where the tensor has another.

    Args:
        graph: the graph.
        zeros: its `zero_points`.
    """
    found = {}
    for layer in graph.layers:
        own = _identity(graph, zeros.get(layer.activation, ""))
        reads = _identity(graph, layer.activation_zero)
        if own != reads:
            found[layer.name] = f"zero {reads}"
    return found


def zero_of(name: str, tensors: Mapping[str, np.ndarray], kind: np.dtype):
    """The value of a zero point as a scalar of the tensor's type; without a name, zero."""
    return tensors[name].reshape(-1)[0] if name else kind.type(0)


def _has_one_scale(graph: Graph, name: str) -> bool:
    """One scale for the whole tensor; one that is computed may be anything."""
    return graph.constants.get(name, np.zeros(2)).size == 1


def _identity(graph: Graph, name: str) -> int | str:
    """What tells zero points apart: the value, or the name of one that is computed."""
    if not name:
        return 0
    constant = graph.constants.get(name)
    return name if constant is None else int(constant.reshape(-1)[0])
