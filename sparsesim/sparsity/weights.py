"""Rewriting weights: constants of the graph are replaced by sparsified or quantised ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, Layer
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.plan import function_of
from sparsesim.sparsity.rows import from_rows, rows_of
from sparsesim.sparsity.stored import StoredWeight, node_of, stored_weight


def rewrite_weights(editor: NodeEditor, graph: Graph, choices: Mapping[str, Choice]) -> None:
    """Give layers their changed weights; a weight that others read too is copied for them.

    Args:
        editor: holds the nodes and constants that are changed.
        graph: the graph that they came from.
        choices: layer name -> function; of layers that `left` does not leave.
    Raises:
        SpecError: parameters that the function refuses; a sparsifier that gives a quantised weight
            other values than zeros.
    """
    copies: dict[str, list[str]] = {}
    for name, choice in choices.items():
        layer = graph.layer(name)
        stored = stored_weight(graph, layer)
        assert stored is not None, "such layers are left before"
        changed = _sparsified(graph, layer, stored, choice)
        # Layers that shared a weight share it again where it became the same for them.
        like = (
            copy
            for copy in copies.get(stored.tensor, [])
            if np.array_equal(editor.constants[copy], changed)
        )
        copy = next(like, None)
        if copy is None:
            copy = stored.tensor
            if _is_shared(editor, node_of(layer), stored):
                copy = editor.fresh(f"{stored.tensor}:sparse")
            copies.setdefault(stored.tensor, []).append(copy)
            editor.constants[copy] = changed
        _keep_width(editor, graph, stored.tensor, copy)
        if copy != stored.tensor:
            _read_from(editor, node_of(layer), stored, copy)


def _sparsified(graph: Graph, layer: Layer, stored: StoredWeight, choice: Choice) -> NDArray[Any]:
    """The stored weight with what the function makes of its real values: of integers only zeros."""
    rule = choice.rule
    weight = graph.constants[stored.tensor]
    real = stored.real(graph.constants)
    try:
        rows = function_of(rule).apply(rows_of(layer, real), **dict(rule.parameters))
    except SpecError as error:
        raise SpecError(f"{choice.where}: {error}") from None
    result = from_rows(layer, rows, real.shape)
    if weight.dtype.kind == "f":
        return result
    if np.any((result != 0) & (result != real)):
        raise SpecError(
            f"{choice.where}: sparsifier '{rule.name}' changes values other than to zero, "
            f"which the quantised weight of layer '{layer.name}' cannot take"
        )
    return stored.with_zeros(result == 0, graph.constants)


def _keep_width(editor: NodeEditor, graph: Graph, tensor: str, copy: str) -> None:
    """What only became zero is as narrow as it was; what became other values is not."""
    bits = graph.value_bits.get(tensor)
    if bits is None:
        return
    before, after = graph.constants[tensor], editor.constants[copy]
    if before.dtype.kind == "f" and np.any((after != 0) & (after != before)):
        editor.value_bits.pop(copy, None)
    else:
        editor.value_bits[copy] = bits


def _is_shared(editor: NodeEditor, node: str, stored: StoredWeight) -> bool:
    """Whether anything else reads the weight, as stored or as its layer's node gets it."""
    readers, slots = editor.readers(), editor.node(node).input
    name = slots[stored.slot]
    return readers[stored.tensor] > 1 or readers[name] > 1 or list(slots).count(name) > 1


def _read_from(editor: NodeEditor, name: str, stored: StoredWeight, copy: str) -> None:
    """Let one layer's node read a copy, through a DequantizeLinear of its own where one is."""
    node = editor.node(name)
    if stored.dequantise is None:
        node.input[stored.slot] = copy
        return
    dequantise = editor.maker(node.input[stored.slot])
    if editor.readers()[dequantise.output[0]] == 1:
        dequantise.input[0] = copy
        return
    own = onnx.NodeProto()
    own.CopyFrom(dequantise)
    own.name = editor.fresh(f"{dequantise.name}:sparse")
    own.input[0] = copy
    own.output[0] = editor.fresh(f"{dequantise.output[0]}:sparse")
    editor.put_before(node, [own])
    node.input[stored.slot] = own.output[0]
