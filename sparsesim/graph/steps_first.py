"""Recurrent nodes whose batch comes first (`layout` 1), rewritten as ONNX Runtime takes them.

Its kernels know steps first only. Transposes around the node make it so; the node keeps its name.
"""

from __future__ import annotations

import onnx
from onnx import helper

from sparsesim.graph.names import unused

_RECURRENT = ("LSTM", "GRU", "RNN")
_SWAPPED = [1, 0, 2]
# Input, output -> how its axes turn, from batch first and from steps first.
_INPUTS = {0: _SWAPPED, 5: _SWAPPED, 6: _SWAPPED}
_OUTPUTS = {0: [2, 0, 1, 3], 1: _SWAPPED, 2: _SWAPPED}


def has_batch_first(model: onnx.ModelProto) -> bool:
    """Whether there is such a node outside of subgraphs."""
    return any(_is_batch_first(node) for node in model.graph.node)


def steps_first(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its recurrent nodes turned.

    Args:
        model: checked, its nodes named; it stays as it is.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    taken = {name for node in graph.node for name in (node.name, *node.input, *node.output)}
    taken |= {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        nodes += _turned(node, taken) if _is_batch_first(node) else [node]
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    return made


def _is_batch_first(node: onnx.NodeProto) -> bool:
    layout = any(entry.name == "layout" and entry.i == 1 for entry in node.attribute)
    return node.op_type in _RECURRENT and not node.domain and layout


def _turned(node: onnx.NodeProto, taken: set[str]) -> list[onnx.NodeProto]:
    """The node with steps first, between the transposes that it needs."""
    inner = onnx.NodeProto()
    inner.CopyFrom(node)
    kept = [entry for entry in node.attribute if entry.name != "layout"]
    del inner.attribute[:]
    inner.attribute.extend(kept)
    before, behind = [], []
    for slot, perm in _INPUTS.items():
        if slot < len(node.input) and node.input[slot]:
            name = inner.input[slot] = unused(f"{node.name}:steps_first{slot}", taken)
            before.append(
                helper.make_node("Transpose", [node.input[slot]], [name], name, perm=perm)
            )
    for slot, perm in _OUTPUTS.items():
        if slot < len(node.output) and node.output[slot]:
            name = inner.output[slot] = unused(f"{node.name}:batch_first{slot}", taken)
            made = [node.output[slot]]
            behind.append(helper.make_node("Transpose", [name], made, f"{name}:turned", perm=perm))
    return [*before, inner, *behind]
