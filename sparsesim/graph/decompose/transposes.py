"""Transpositions that undo each other: behind one channels-last operator, before the next."""

from __future__ import annotations

from collections.abc import Collection

import onnx
from onnx import helper

from sparsesim.graph.reads import reads


def without_detours(
    nodes: list[onnx.NodeProto], made: Collection[str], outputs: Collection[str]
) -> list[onnx.NodeProto]:
    """Leave out a Transpose and the one behind it that turns its result back.

    Args:
        nodes: of a graph; inputs are redirected in place.
        made: names of nodes that may go: those that decompositions made.
        outputs: tensors that must stay: the graph's outputs.
    Returns:
        the nodes without those that nothing reads any more.
    """
    turns = {
        node.output[0]: node for node in nodes if node.op_type == "Transpose" and node.name in made
    }
    captured = {name for node in nodes for name in reads(node) - set(node.input)}
    source: dict[str, str] = {}
    for name, node in turns.items():
        before = turns.get(node.input[0])
        if before is None or name in outputs or name in captured:
            continue
        first, second = _order(before), _order(node)
        if [first[axis] for axis in second] == list(range(len(first))):
            source[name] = before.input[0]
    for node in nodes:
        for index, name in enumerate(node.input):
            while name in source:
                name = source[name]
            node.input[index] = name
    kept: list[onnx.NodeProto] = []
    read = set(outputs)
    for node in reversed(nodes):
        if node.output[0] in turns and node.output[0] not in read:
            continue
        read |= reads(node)
        kept.append(node)
    return kept[::-1]


def _order(node: onnx.NodeProto) -> list[int]:
    return list(helper.get_attribute_value(node.attribute[0]))
