"""float16 models stay float16: what ONNX Runtime's folding widens for its kernels is undone.

ONNX Runtime has no float16 kernels for most operators. It puts casts around their nodes, and drops
casts that cancel out, the model's own among them; weights become float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from sparsesim.graph.infer import infer
from sparsesim.graph.reads import reads
from sparsesim.graph.session import open_session, session_options
from sparsesim.graph.walk import graphs

# In the names of the casts that ONNX Runtime puts in, and of what they give.
_MARK = "InsertedPrecisionFreeCast_"


def is_widened(folded: onnx.ModelProto) -> bool:
    """Whether ONNX Runtime has put casts of its own into a model."""
    return any(
        name.startswith(_MARK)
        for graph in graphs(folded)
        for node in graph.node
        for name in (node.name, *node.output)
    )


def narrowed(
    folded: onnx.ModelProto, model: onnx.ModelProto, custom_ops: Sequence[str]
) -> onnx.ModelProto:
    """A folded model in the types that it had before.

    Args:
        folded: with ONNX Runtime's casts.
        model: before folding.
        custom_ops: libraries of its operators.
    Returns:
        the folded model without these casts; as it was where that is no model.
    """
    made = onnx.ModelProto()
    made.CopyFrom(folded)
    types = _types(model, custom_ops)
    for graph in graphs(made):
        _rename(graph)
        _restore_functions(graph, model)
        _narrow_constants(graph, model, types)
        _restore_casts(graph, model, types)
    try:
        open_session(made.SerializeToString(), session_options(custom_ops, optimised=False))
    except Exception:  # then the float32 one is what runs
        return folded
    return made


def _types(model: onnx.ModelProto, custom_ops: Sequence[str]) -> Mapping[str, np.dtype]:
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    del bare.graph.initializer[:]
    return infer(bare, constants, custom_ops)[1]


def _plain(name: str) -> str:
    while name.startswith(_MARK):
        name = name[len(_MARK) :]
    return name


def _rename(graph: onnx.GraphProto) -> None:
    """Let every tensor have its name of before; a cast from one to itself goes."""
    given = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Cast" and node.name.startswith(_MARK)
    }
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = _plain(given.get(name, name))
    kept = [n for n in graph.node if n.op_type != "Cast" or n.input[0] != n.output[0]]
    _replace(graph.node, kept)
    names = {tensor.name for tensor in graph.initializer}
    for tensor in graph.initializer:
        plain = _plain(tensor.name)
        if plain != tensor.name and plain in names:  # both widths are there
            tensor.ClearField("name")
        else:
            tensor.name = plain
    _replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name])
    _replace(graph.value_info, [v for v in graph.value_info if not v.name.startswith(_MARK)])


def _restore_functions(graph: onnx.GraphProto, model: onnx.ModelProto) -> None:
    """Put a node back that became several, as operators without a kernel of this type do."""
    names = {node.name for node in model.graph.node}
    there = {node.name for node in graph.node}
    makers = {name: node for node in graph.node for name in node.output if name}
    known = {value.name for value in [*graph.input, *graph.initializer]}.union(makers)
    whole: dict[str, onnx.NodeProto] = {}
    for node in model.graph.node:
        made = [makers[name] for name in node.output if name in makers]
        new = made and all(maker.name not in names for maker in made)
        if new and node.name not in there and known.issuperset(reads(node)):
            whole.update((name, node) for name in node.output if name)
    if not whole:
        return
    nodes: list[onnx.NodeProto] = []
    placed: set[str] = set()
    for node in graph.node:
        old = next((whole[name] for name in node.output if name in whole), None)
        if old is None:
            nodes.append(node)
        elif old.name not in placed:
            nodes.append(old)
            placed.add(old.name)
    wanted = {value.name for value in graph.output}
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted |= reads(node)
    _replace(graph.node, kept[::-1])
    _replace(graph.initializer, [t for t in graph.initializer if t.name in wanted])


def _narrow_constants(
    graph: onnx.GraphProto, model: onnx.ModelProto, types: Mapping[str, np.dtype]
) -> None:
    """float32 constants that were float16, or that folding made for a float16 node."""
    before = {node.name: node for node in model.graph.node}
    half = {name for name, kind in types.items() if kind == np.float16}
    for node in graph.node:
        old = before.get(node.name)
        if old is not None and old.input and old.input[0] in half:
            half.update(name for name in node.input if name not in types)
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name in half:
            values = numpy_helper.to_array(tensor)
            with np.errstate(over="ignore"):
                tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))


def _restore_casts(
    graph: onnx.GraphProto, model: onnx.ModelProto, types: Mapping[str, np.dtype]
) -> None:
    """Put the model's own casts back where a node reads another type than it did."""
    before = {node.name: node for node in model.graph.node}
    makers = {name: node for node in model.graph.node for name in node.output if name}
    there = {name for node in graph.node for name in node.output if name}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        old = before.get(node.name)
        for index, (name, was) in enumerate(_pairs(node, old)):
            maker = makers.get(was)
            differs = name in types and was in types and types[name] != types[was]
            if not differs or maker is None or maker.op_type != "Cast":
                continue
            if was not in there:
                cast = onnx.NodeProto()
                cast.CopyFrom(maker)
                cast.input[0] = name
                nodes.append(cast)
                there.add(was)
            node.input[index] = was
        nodes.append(node)
    _replace(graph.node, nodes)


def _pairs(node: onnx.NodeProto, old: onnx.NodeProto | None) -> Iterator[tuple[str, str]]:
    if old is not None:
        yield from zip(list(node.input), list(old.input), strict=False)


def _replace(field, items) -> None:
    """Set a repeated field to some of its messages, or to others, in this order."""
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del field[:]
    field.extend(copies)
