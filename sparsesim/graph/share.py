"""One constant for what a model makes of one constant twice in the same way.

Exporters and quantisers give each layer a Transpose, a Reshape or a DequantizeLinear of its own,
also where layers share a weight; folded, each would become a weight of its own. It compares nodes,
not values: two weights that happen to be equal stay two.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from sparsesim.graph.reads import reads
from sparsesim.graph.widths import MOVES

_SHARED = (*MOVES, "Cast")


def share_constants(
    model: onnx.ModelProto, constants: Iterable[str] = (), dequantisers: bool = False
) -> None:
    """Drop nodes that do to a constant what a node before them does, in place.

    Args:
        model: what is an output of it, or is captured by a subgraph, stays.
        constants: names of those that are beside it, not in it.
        dequantisers: those of constants, too; ONNX Runtime takes them apart again when it folds.
    """
    graph = model.graph
    shared = (*_SHARED, "DequantizeLinear") if dequantisers else _SHARED
    constant = {tensor.name for tensor in graph.initializer} | set(constants)
    fixed = {value.name for value in graph.output}
    for node in graph.node:
        fixed |= reads(node) - set(node.input)
    first: dict[tuple[object, ...], onnx.NodeProto] = {}
    instead: dict[str, str] = {}
    kept = []
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name in instead:
                node.input[index] = instead[name]
        is_constant = node.op_type == "Constant" or (
            node.op_type in shared and all(name in constant for name in node.input if name)
        )
        if is_constant:
            constant.update(node.output)
        if is_constant and node.op_type != "Constant" and not fixed.intersection(node.output):
            like = first.setdefault(_what(node), node)
            if like is not node:
                instead |= dict(zip(node.output, like.output, strict=True))
                continue
        kept.append(node)
    if instead:
        del graph.node[:]
        graph.node.extend(kept)
        values = [value for value in graph.value_info if value.name not in instead]
        del graph.value_info[:]
        graph.value_info.extend(values)


def _what(node: onnx.NodeProto) -> tuple[object, ...]:
    """All that a node does but its name and that of its output."""
    attributes = sorted(a.SerializeToString(deterministic=True) for a in node.attribute)
    return node.domain, node.op_type, *node.input, len(node.output), *attributes
