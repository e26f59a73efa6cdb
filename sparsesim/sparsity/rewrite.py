"""`sparsify`: thresholds become a rewrite of the graph, which stays plain ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from sparsesim.graph import Graph
from sparsesim.graph.blocks import blocks
from sparsesim.sparsity.activations import threshold_activations
from sparsesim.sparsity.choose import Choice, choose
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.opset import with_opset
from sparsesim.sparsity.weights import rewrite_weights
from sparsesim.spec.thresholds import MAGNITUDE, Rule, Thresholds

SHRINK_OPSET = 9


def sparsify(graph: Graph, thresholds: Thresholds) -> Graph:
    """Rewrite weights, and put thresholds behind layers.

    Args:
        graph: loaded, or rewritten before.
        thresholds: what each layer gets.
    Returns:
        a new graph with the same layers; the argument itself where nothing is to be done.
    Raises:
        SpecError: a pattern that matches nothing, an unknown sparsifier or wrong parameters, a
            weight that is computed or has no scale.
        ModelError: an opset below 9 that cannot be converted.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """
    found = blocks(graph, thresholds.blocks)
    weights = _active(choose(graph, found, thresholds.weights, "weights"))
    activations = _active(choose(graph, found, thresholds.activations, "activations"))
    if not weights and not activations:
        return graph
    if activations:
        graph = with_opset(graph, SHRINK_OPSET)
    editor = NodeEditor(graph)
    rewrite_weights(editor, graph, weights)
    threshold_activations(editor, graph, activations)
    return editor.finish([*_words("weights", weights), *_words("activations", activations)])


def _active(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Without the thresholds of 0, which change nothing: so a layer is taken out of a pattern."""
    return {layer: choice for layer, choice in choices.items() if not _is_nothing(choice.rule)}


def _is_nothing(rule: Rule) -> bool:
    if rule.sparsifier != MAGNITUDE or len(rule.parameters) != 1:
        return False
    name, value = rule.parameters[0]
    return name == "threshold" and isinstance(value, int | float) and np.float32(value) == 0


def _words(what: str, choices: Mapping[str, Choice]) -> list[str]:
    counts = Counter(str(choice.rule) for choice in choices.values())
    return [
        f"{what} of {count} {'layer' if count == 1 else 'layers'} by {rule}"
        for rule, count in counts.items()
    ]
