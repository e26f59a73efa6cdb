"""Activation thresholds: ONNX's own Shrink behind what is fused to a layer.

In a quantised graph DequantizeLinear and QuantizeLinear with the tensor's own scale stand around
it: what is above the threshold comes back as the same integer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, Layer
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.sparsifiers import find_sparsifier


def threshold_activations(editor: NodeEditor, graph: Graph, choices: Mapping[str, Choice]) -> None:
    """Put a threshold behind layers.

    The last tensor behind a layer keeps its name, so all that reads it, outputs of the model
    included, reads the thresholded one.

    Args:
        editor: holds the nodes that are changed.
        graph: the graph that they came from.
        choices: layer name -> magnitude threshold.
    Raises:
        SpecError: integer sums without a scale; parameters that `magnitude` refuses.
    """
    for name, choice in choices.items():
        layer = graph.layer(name)
        try:
            settings = find_sparsifier(choice.rule.sparsifier).settings(
                dict(choice.rule.parameters)
            )
        except SpecError as error:
            raise SpecError(f"{choice.where}: {error}") from None
        if layer.op.endswith("Integer"):
            raise SpecError(
                f"{choice.where}: layer '{name}' ({layer.op}) gives integer sums whose scale it "
                "does not know; give this layer the threshold 0"
            )
        maker = editor.maker(layer.output)
        before = editor.fresh(f"{layer.output}:before_threshold")
        maker.output[list(maker.output).index(layer.output)] = before
        editor.put_behind(maker, _nodes(editor, layer, before, float(settings["threshold"])))


def _nodes(editor: NodeEditor, layer: Layer, before: str, threshold: float) -> list[onnx.NodeProto]:
    after, name = layer.output, f"{layer.name}:threshold"
    # Rounded here as Shrink's attribute is, so that weights and activations mean the same edge.
    lambd = float(np.float32(threshold))
    scale, zero = _quantiser(layer)
    if not scale:
        return [_shrink(before, after, editor.fresh(name), lambd)]
    parameters = [scale, zero] if zero else [scale]
    real, kept = editor.fresh(f"{after}:real"), editor.fresh(f"{after}:thresholded")
    return [
        helper.make_node(
            "DequantizeLinear", [before, *parameters], [real], editor.fresh(f"{name}_dequantise")
        ),
        _shrink(real, kept, editor.fresh(name), lambd),
        helper.make_node(
            "QuantizeLinear", [kept, *parameters], [after], editor.fresh(f"{name}_quantise")
        ),
    ]


def _shrink(before: str, after: str, name: str, lambd: float) -> onnx.NodeProto:
    return helper.make_node("Shrink", [before], [after], name, lambd=lambd, bias=0.0)


def _quantiser(layer: Layer) -> tuple[str, str]:
    """Scale and zero point of the tensor behind a layer; empty where it is float."""
    scale, zero = layer.output_scale, layer.output_zero
    for fused in layer.chain:
        if fused.op == "QuantizeLinear":
            scale, zero = fused.scale, fused.zero
        elif fused.op == "DequantizeLinear":
            scale, zero = "", ""
    return scale, zero
