"""What a node reads: its inputs, and what its subgraphs capture from around them."""

from __future__ import annotations

import onnx

from sparsesim.graph.walk import bodies


def reads(node: onnx.NodeProto) -> set[str]:
    """Tensors that a node reads, those that its subgraphs capture included."""
    names = {name for name in node.input if name}
    for body in bodies(node):
        names |= _captures(body)
    return names


def _captures(graph: onnx.GraphProto) -> set[str]:
    inside = {value.name for value in graph.input} | {init.name for init in graph.initializer}
    outside: set[str] = set()
    for node in graph.node:
        outside |= reads(node) - inside
        inside |= set(node.output)
    return outside | {value.name for value in graph.output if value.name not in inside}
