"""Constants that folding leaves: dequantised weights of layers that are not quantised.

ONNX Runtime keeps every DequantizeLinear for its quantised kernels. Where no quantised layer takes
its integers (weight-only quantisation), it and what follows from it are computed here, so that
weights are weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sparsesim.graph.infer import infer
from sparsesim.graph.reads import reads
from sparsesim.graph.recognise import Recogniser
from sparsesim.graph.session import open_session, session_options
from sparsesim.graph.share import share_twins
from sparsesim.graph.widths import value_bits, widths_behind, with_value_bits


def evaluate(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray], custom_ops: Sequence[str] = ()
) -> tuple[onnx.ModelProto, Mapping[str, np.ndarray]]:
    """Compute what follows from dequantised constants, as far as no quantised layer needs them.

    Args:
        model: folded, without initialisers. What it computes twice alike becomes one constant.
        constants: these, by name.
        custom_ops: libraries of its operators.
    Returns:
        a model without the computed nodes, and the constants with their outputs; both as given
        where there is nothing to compute.
    """
    if not any(_is_constant_dequantiser(node, constants) for node in model.graph.node):
        return model, constants
    _, types = infer(model, constants, custom_ops)
    layers = Recogniser(model.graph, constants, types).layers()
    integers = {layer.weight for layer in layers} | {layer.bias for layer in layers}
    made: set[str] = set()
    found: set[int] = set()
    for index, node in enumerate(model.graph.node):
        follows = made.intersection(node.input) and made.union(constants).issuperset(reads(node))
        starts = _is_constant_dequantiser(node, constants) and node.input[0] not in integers
        if follows or starts:
            found.add(index)
            made.update(name for name in node.output if name)
    if not found:
        return model, constants
    outputs = {value.name for value in model.graph.output}
    left = share_twins(model.graph.node, found, outputs)
    computed = [node for node in left if made.intersection(node.output)]
    kept = [node for node in left if not made.intersection(node.output)]
    wanted = outputs.union(*(reads(node) for node in kept))
    names = sorted(made & wanted)
    values = _run(model, computed, constants, names, custom_ops)
    if values is None:
        return model, constants
    less = onnx.ModelProto()
    less.CopyFrom(model)
    del less.graph.node[:]
    less.graph.node.extend(kept)
    widths = widths_behind(computed, types, value_bits(model))
    with_value_bits(less, {name: widths[name] for name in names if name in widths})
    return less, {**constants, **dict(zip(names, values, strict=True))}


def _is_constant_dequantiser(node: onnx.NodeProto, constants: Mapping[str, np.ndarray]) -> bool:
    return node.op_type == "DequantizeLinear" and all(
        name in constants for name in node.input if name
    )


def _run(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, np.ndarray],
    names: list[str],
    custom_ops: Sequence[str],
) -> list[np.ndarray] | None:
    """Outputs of constant nodes, or None where they are no tensors or don't compute."""
    used = {name for node in nodes for name in reads(node)}
    graph = helper.make_graph(
        nodes,
        "constants",
        [],
        [onnx.ValueInfoProto(name=name) for name in names],
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in used],
    )
    whole = helper.make_model(graph, opset_imports=model.opset_import)
    whole.ir_version = model.ir_version
    try:
        options = session_options(custom_ops, optimised=False)
        session = open_session(whole.SerializeToString(), options)
        values = session.run(names, {})
    except Exception:  # they then run on the host, where an error names the node
        return None
    return values if all(isinstance(value, np.ndarray) for value in values) else None
