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

_MOVES = (*MOVES, "Cast")


def share_constants(model: onnx.ModelProto) -> None:
    """Drop nodes that move a constant as a node before them does, in place.

    Args:
        model: with its initialisers. Its DequantizeLinear nodes stay: ONNX Runtime takes apart
            again what several layers share of them.
    """
    graph = model.graph
    constant = {tensor.name for tensor in graph.initializer}
    moves = set()
    for index, node in enumerate(graph.node):
        is_move = node.op_type in _MOVES and all(name in constant for name in node.input if name)
        if is_move:
            moves.add(index)
        if is_move or node.op_type == "Constant":
            constant.update(node.output)
    kept = share_twins(graph.node, moves, {value.name for value in graph.output})
    left = {name for node in kept for name in node.output}
    gone = {name for node in graph.node for name in node.output} - left
    for index in reversed(range(len(graph.node))):
        if gone.intersection(graph.node[index].output):
            del graph.node[index]
    for index in reversed(range(len(graph.value_info))):
        if graph.value_info[index].name in gone:
            del graph.value_info[index]


def share_twins(
    nodes: Iterable[onnx.NodeProto], candidates: set[int], wanted: set[str]
) -> list[onnx.NodeProto]:
    """Nodes without those that do what one before them does; the others then read from that one.

    Args:
        nodes: in an order in which they can run; their inputs are changed in place.
        candidates: indices of those that may be dropped.
        wanted: tensors that must stay; those that a subgraph captures stay, too.
    Returns:
        the nodes that are left.
    """
    nodes = list(nodes)
    captured = {name for node in nodes for name in reads(node).difference(node.input)}
    first: dict[tuple[object, ...], onnx.NodeProto] = {}
    instead: dict[str, str] = {}
    kept = []
    for index, node in enumerate(nodes):
        for slot, name in enumerate(node.input):
            if name in instead:
                node.input[slot] = instead[name]
        if index in candidates and not (wanted | captured).intersection(node.output):
            twin = first.setdefault(_what(node), node)
            if twin is not node:
                instead |= dict(zip(node.output, twin.output, strict=True))
                continue
        kept.append(node)
    return kept


def _what(node: onnx.NodeProto) -> tuple[object, ...]:
    """All that a node does but its name and those of its outputs."""
    attributes = sorted(a.SerializeToString(deterministic=True) for a in node.attribute)
    return node.domain, node.op_type, *node.input, len(node.output), *attributes
