"""Functions of a layer's output: ONNX nodes behind what is fused to the layer.

In a quantised graph DequantizeLinear and QuantizeLinear with the tensor's own scale stand around a
sparsifier's: what it keeps comes back as the same integer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import DTypeLike

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, Layer
from sparsesim.sparsity.behind import quantiser_behind
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.plan import build_nodes, function_of


def put_behind_layers(editor: NodeEditor, graph: Graph, choices: Mapping[str, Choice]) -> None:
    """Put functions behind layers, each behind those that stand there already.

    The last tensor behind a layer keeps its name, so all that reads it, outputs of the model
    included, reads the changed one.

    Args:
        editor: holds the nodes that are changed.
        graph: the graph that they came from.
        choices: layer name -> function; of layers that `left` does not leave.
    Raises:
        SpecError: parameters that the function refuses.
    """
    for name, choice in choices.items():
        layer = graph.layer(name)
        scale, zero = quantiser_behind(layer)
        end = _end(editor, layer)
        maker = editor.maker(end)
        before = editor.fresh(f"{end}:before_{choice.rule.name}")
        maker.output[list(maker.output).index(end)] = before
        kind = np.float32 if scale else _float_type(graph, layer)
        opset = max(entry.version for entry in graph.model.opset_import if not entry.domain)
        rank = len(graph.shapes[layer.output]) if layer.output in graph.shapes else None
        nodes = OnnxNodes(_prefix(layer) + choice.rule.name, kind, rank, opset, editor.fresh)
        parameters = [name for name in (scale, zero) if name]
        real = nodes.add("DequantizeLinear", before, *parameters) if scale else before
        try:
            function = function_of(choice.rule)
            made = build_nodes(
                function, nodes, real, function.settings(dict(choice.rule.parameters))
            )
        except SpecError as error:
            raise SpecError(f"{choice.where}: {error}") from None
        if scale:
            made = nodes.add("QuantizeLinear", made, *parameters)
        _rename(nodes.nodes, made, end)
        editor.constants.update(nodes.constants)
        editor.put_behind(maker, nodes.nodes)


def _prefix(layer: Layer) -> str:
    """How the names of all nodes begin that were put behind a layer."""
    return f"{layer.name}:behind:"


def _end(editor: NodeEditor, layer: Layer) -> str:
    """The tensor behind a layer and all that was put behind it before, fused or not."""
    behind = [node for node in editor.nodes if node.name.startswith(_prefix(layer))]
    return behind[-1].output[0] if behind else layer.output


def _rename(nodes: list[onnx.NodeProto], made: str, after: str) -> None:
    """Let the last tensor be called what the layer's output was."""
    for node in nodes:
        node.output[:] = [after if name == made else name for name in node.output]
        node.input[:] = [after if name == made else name for name in node.input]


def _float_type(graph: Graph, layer: Layer) -> DTypeLike:
    known = (graph.types.get(name) for name in (layer.output, layer.activation))
    return next((kind for kind in known if kind is not None and kind.kind == "f"), np.float32)
