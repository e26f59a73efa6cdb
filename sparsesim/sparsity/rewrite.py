"""`sparsify`: sparsifiers and quantisers become a rewrite of the graph, which stays plain ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from sparsesim.graph import Graph
from sparsesim.graph.opset import with_opset
from sparsesim.sparsity.activations import put_behind_layers
from sparsesim.sparsity.choose import Choice, is_exact
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.plan import function_of, plan
from sparsesim.sparsity.weights import rewrite_weights
from sparsesim.spec.thresholds import Rule, Thresholds


def sparsify(graph: Graph, thresholds: Thresholds) -> Graph:
    """Rewrite weights, and put functions behind layers.

    Args:
        graph: loaded, or rewritten before.
        thresholds: what each layer gets. Gradients are none of a graph's: their rules are only
            checked.
    Returns:
        a new graph with the same layers; the argument itself where nothing is to be done.
    Raises:
        SpecError: a pattern that matches nothing, an unknown function or wrong parameters, one
            that cannot stand behind a layer, a weight that is computed or has no scale.
        ModelError: an opset below what the nodes behind layers need (9 of a threshold, 13 of most
            others) that cannot be converted.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """
    planned = plan(graph, thresholds)
    weights, activations = _active(planned["weights"]), _active(planned["activations"])
    inside = [
        name
        for name, choice in activations.items()
        if graph.layer(name).is_recurrent and not is_exact(choice.pattern)
    ]
    activations = {name: activations[name] for name in activations if name not in inside}
    if not weights and not activations:
        return graph
    if activations:
        needed = [function_of(choice.rule).opset for choice in activations.values()]
        graph = with_opset(graph, max(needed), "activation thresholds")
    editor = NodeEditor(graph)
    rewrite_weights(editor, graph, weights)
    put_behind_layers(editor, graph, activations)
    passed = [f"activations of {name} passed over: they stay inside its node" for name in inside]
    words = [*_words("weights", weights), *_words("activations", activations), *passed]
    return editor.finish(words)


def _active(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Without the thresholds of 0, which change nothing: so a layer is taken out of a pattern."""
    return {layer: choice for layer, choice in choices.items() if not _is_nothing(choice.rule)}


def _is_nothing(rule: Rule) -> bool:
    return rule.is_magnitude and np.float32(rule.parameters[0][1]) == 0


def _words(what: str, choices: Mapping[str, Choice]) -> list[str]:
    counts = Counter(str(choice.rule) for choice in choices.values())
    return [
        f"{what} of {count} {'layer' if count == 1 else 'layers'} by {rule}"
        for rule, count in counts.items()
    ]
