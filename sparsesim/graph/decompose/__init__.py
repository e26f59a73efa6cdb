"""Operators that multiply, and aren't ONNX's own products, become nodes that are: one a file.

A file has `rewrite(b)`: it adds to the builder what the node becomes, or raises `Uncovered` with
the reason why this node stays as it is, on the host. A product keeps the name of its node; of
several, each is NODE/PART. What is made computes what the node computed: nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Protocol

import numpy as np
import onnx
from onnx import numpy_helper

from sparsesim.graph.batch_first import note_batch_first
from sparsesim.graph.decompose.builder import Builder, Facts, Uncovered
from sparsesim.graph.decompose.movement import Movement, may_move
from sparsesim.graph.decompose.transposes import without_detours
from sparsesim.graph.domains import onnx_opset
from sparsesim.graph.infer import infer
from sparsesim.graph.names import printable
from sparsesim.graph.reads import reads
from sparsesim.graph.walk import bodies
from sparsesim.graph.widths import with_value_bits

__all__ = ["decompose", "reasons_of_rest"]


class Decomposition(Protocol):
    """What each operator's file of this package offers."""

    def rewrite(self, b: Builder) -> None: ...


_ONNX, _MICROSOFT = "", "com.microsoft"

# (domain, operator) -> module here.
MODULES = {
    (_ONNX, "Attention"): "attention",
    (_ONNX, "Einsum"): "einsum",
    (_MICROSOFT, "Attention"): "microsoft_attention",
    (_MICROSOFT, "DequantizeLinear"): "quantize_linear",
    (_MICROSOFT, "DynamicQuantizeMatMul"): "dynamic_quantize_matmul",
    (_MICROSOFT, "FusedConv"): "fused_conv",
    (_MICROSOFT, "FusedGemm"): "fused_gemm",
    (_MICROSOFT, "FusedMatMul"): "fused_matmul",
    (_MICROSOFT, "MatMulIntegerToFloat"): "matmul_integer_to_float",
    (_MICROSOFT, "MatMulNBits"): "matmul_nbits",
    (_MICROSOFT, "MultiHeadAttention"): "multi_head_attention",
    (_MICROSOFT, "NhwcConv"): "nhwc_fused_conv",
    (_MICROSOFT, "NhwcFusedConv"): "nhwc_fused_conv",
    (_MICROSOFT, "QAttention"): "qattention",
    (_MICROSOFT, "QGemm"): "qgemm",
    (_MICROSOFT, "QLinearConv"): "qlinear_conv",
    (_MICROSOFT, "QuantizeLinear"): "quantize_linear",
    (_MICROSOFT, "TransposeMatMul"): "fused_matmul",
}

# Inputs whose first axis is the batch by definition, where what the operator becomes says no more.
_BATCH_FIRST = {
    (_ONNX, "Attention"): (0, 1, 2),
    (_MICROSOFT, "Attention"): (0,),
    (_MICROSOFT, "MultiHeadAttention"): (0, 1, 2),
    (_MICROSOFT, "QAttention"): (0,),
}

# In a model that imports nothing of ONNX's own.
_OPSET, _IR_VERSION = 17, 8


def decompose(model: onnx.ModelProto, custom_ops: Sequence[str] = ()) -> onnx.ModelProto:
    """Rewrite what can be rewritten.

    Args:
        model: checked, its nodes named; it stays as it is.
        custom_ops: libraries of its operators.
    Returns:
        another model, or the same where there is nothing to rewrite.
    """
    while _candidates(model.graph.node):
        facts = _facts(model, custom_ops)
        taken = _names(model.graph)
        nodes: list[onnx.NodeProto] = []
        made: list[Builder] = []
        for node in model.graph.node:
            result = _made(node, facts, taken)
            if isinstance(result, Builder):
                made.append(result)
                nodes += result.nodes
            else:
                nodes.append(node)
        if not made:
            break
        values = {name: array for b in made for name, array in b.values.items()}
        own = {node.name for b in made for node in b.nodes}
        model = _with_nodes(model, nodes, values, own)
        model = with_value_bits(model, {n: bits for b in made for n, bits in b.value_bits.items()})
        note_batch_first(model, {name: said for b in made for name, said in _batches(b.node)})
    if may_move(list(model.graph.node)):
        movement = Movement(list(model.graph.node), _facts(model, custom_ops), _names(model.graph))
        movement.move()
        if movement.has_moved:
            model = _with_nodes(model, movement.nodes, movement.values)
    return model


def reasons_of_rest(
    model: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    shapes: Mapping[str, tuple[int | None, ...]],
    types: Mapping[str, np.dtype],
) -> dict[str, str]:
    """For each node of a folded model that has a decomposition and yet is there, why."""
    facts = Facts(constants, shapes, types, onnx_opset(model) or _OPSET)
    found = {}
    for node in _candidates(model.graph.node):
        made = _made(node, facts, set())
        if isinstance(made, Uncovered):
            found[node.name] = str(made)
    return found


@cache
def _find(domain: str, op: str) -> Decomposition:
    return import_module(f"{__name__}.{MODULES[domain, op]}")  # type: ignore[return-value]


def _key(node: onnx.NodeProto) -> tuple[str, str]:
    return node.domain, node.op_type


def _batches(node: onnx.NodeProto) -> Iterator[tuple[str, str]]:
    """Inputs of a node that have their batch in front, and the node in words."""
    for index in _BATCH_FIRST.get(_key(node), ()):
        if index < len(node.input) and node.input[index]:
            yield node.input[index], f"'{printable(node.name)}' ({node.op_type})"


def _candidates(nodes) -> list[onnx.NodeProto]:
    return [node for node in nodes if _key(node) in MODULES]


def _made(node: onnx.NodeProto, facts: Facts, taken: set[str]) -> Builder | Uncovered | None:
    """What a node becomes, why it stays, or None: it has no decomposition."""
    key = _key(node)
    if key not in MODULES:
        return None
    builder = Builder(node, facts, taken)
    try:
        _find(*key).rewrite(builder)
    except Uncovered as reason:
        return reason
    return builder


def _facts(model: onnx.ModelProto, custom_ops: Sequence[str]) -> Facts:
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    values = {}
    for name, tensor in tensors.items():
        with suppress(Exception):  # what cannot be read, ONNX Runtime refuses in its own words
            values[name] = numpy_helper.to_array(tensor)
    bare = onnx.ModelProto(ir_version=model.ir_version)
    bare.opset_import.extend(model.opset_import)
    bare.graph.name = model.graph.name
    bare.graph.node.extend(model.graph.node)
    bare.graph.input.extend(model.graph.input)
    bare.graph.output.extend(model.graph.output)
    bare.graph.value_info.extend(model.graph.value_info)
    shapes, types = infer(bare, values, custom_ops)
    return Facts(values, shapes, types, onnx_opset(model) or _OPSET)


def _names(graph: onnx.GraphProto) -> set[str]:
    """Names of all nodes and tensors, those of subgraphs included."""
    names = {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    for node in graph.node:
        names.update([node.name, *node.input, *node.output])
        for inner in bodies(node):
            names |= _names(inner)
    return names


def _domains(graph: onnx.GraphProto) -> set[str]:
    inner = [_domains(body) for node in graph.node for body in bodies(node)]
    return {node.domain for node in graph.node}.union(*inner)


def _with_nodes(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    values: Mapping[str, np.ndarray],
    own: Collection[str] = (),
) -> onnx.ModelProto:
    """The model of other nodes: constants that nothing reads any more, and domains, left out."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    graph = new.graph
    del graph.node[:]
    graph.node.extend(nodes)
    outputs = {value.name for value in graph.output}
    kept = without_detours(list(graph.node), own, outputs)
    if len(kept) < len(graph.node):
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
        del graph.node[:]
        graph.node.extend(nodes)
    before = {name for node in model.graph.node for name in reads(node)}
    unread = before.difference(outputs, (value.name for value in graph.input))
    read = {name for node in graph.node for name in reads(node)}
    unread -= read
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name in unread:
            del graph.initializer[index]
    graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in values.items() if name in read
    )
    gone = _domains(model.graph) - _domains(graph) - {""}
    for index in reversed(range(len(new.opset_import))):
        if new.opset_import[index].domain in gone:
            del new.opset_import[index]
    if onnx_opset(new) is None:
        new.opset_import.append(onnx.helper.make_opsetid("", _OPSET))
        new.ir_version = max(new.ir_version, _IR_VERSION)
    return new
