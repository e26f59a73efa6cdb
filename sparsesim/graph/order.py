"""Whether a graph's nodes stand in an order in which they can run."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.reads import reads

_SHOWN = 4  # nodes of a cycle that an error names


def check_order(graph: onnx.GraphProto, where: str) -> None:
    """Say plainly what is wrong where a node reads what is not there yet.

    Args:
        graph: a model's main graph.
        where: the model's name in errors.
    Raises:
        ModelError: nodes in a circle, a tensor that nothing makes, nodes that are not sorted.
    """
    there = {value.name for value in graph.input}
    there |= {tensor.name for tensor in graph.initializer}
    for index, node in enumerate(graph.node):
        missing = sorted(reads(node) - there)
        if missing:
            what = _what(graph.node[index:], missing[0])
            raise ModelError(f"{where}: not a valid ONNX model: {what}")
        there.update(name for name in node.output if name)


def _what(nodes: Sequence[onnx.NodeProto], missing: str) -> str:
    """What is wrong with the first of these nodes, which reads a tensor that is missing."""
    maker = {name: node for node in nodes for name in node.output if name}
    if missing not in maker:
        return f"node {_title(nodes[0])} reads '{printable(missing)}', which nothing makes"
    waiting = list(nodes)
    while waiting:
        late = {name for node in waiting for name in node.output if name}
        left = [node for node in waiting if reads(node) & late]
        if len(left) == len(waiting):
            circle = [_title(node) for node in _circle(left)]
            more = f" and {len(circle) - _SHOWN} more" if len(circle) > _SHOWN else ""
            return f"nodes {', '.join(circle[:_SHOWN])}{more} form a cycle"
        waiting = left
    name = printable(missing)
    return f"node {_title(nodes[0])} reads '{name}', which a later node makes; sort them"


def _circle(nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """A circle among nodes each of which reads what another of them makes."""
    maker = {name: node for node in nodes for name in node.output if name}
    path = [nodes[0]]
    while True:
        before = maker[min(reads(path[-1]) & set(maker))]
        for index, node in enumerate(path):
            if node is before:
                return path[index:][::-1]
        path.append(before)


def _title(node: onnx.NodeProto) -> str:
    return f"'{printable(node.name or next(iter(node.output), node.op_type))}'"
