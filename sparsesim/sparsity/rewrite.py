"""`sparsify`: sparsifiers and quantisers become a rewrite of the graph, which stays plain ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sparsesim.graph import Graph
from sparsesim.graph.opset import with_opset
from sparsesim.sparsity.activations import put_behind_layers
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.computed import in_words, passed_over
from sparsesim.sparsity.inside import inside_in_words, kept_inside
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.sparsity.plan import active, function_of, plan
from sparsesim.sparsity.weights import rewrite_weights
from sparsesim.spec.thresholds import Thresholds


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
            that cannot stand behind a layer, a weight that has no scale, one that is computed and
            whose layer is called by name; patterns pass over such layers, and `rewrites` says so.
        ModelError: an opset below what the nodes behind layers need (9 of a threshold, 13 of most
            others) that cannot be converted.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """
    planned = plan(graph, thresholds)
    weights, activations = active(planned["weights"]), active(planned["activations"])
    left = passed_over(graph, weights)
    weights = {layer: choice for layer, choice in weights.items() if layer not in left}
    inside = kept_inside(graph, activations)
    activations = {name: activations[name] for name in activations if name not in inside}
    words = [*_words("weights", weights), *_words("activations", activations)]
    if left:
        words.append(in_words(left))
    if inside:
        words.append(inside_in_words(inside))
    if not weights and not activations:
        return replace(graph, rewrites=(*graph.rewrites, *words)) if words else graph
    if activations:
        needed = [function_of(choice.rule).opset for choice in activations.values()]
        graph = with_opset(graph, max(needed), "activation thresholds")
    editor = NodeEditor(graph)
    rewrite_weights(editor, graph, weights)
    put_behind_layers(editor, graph, activations)
    return editor.finish(words)


def _words(what: str, choices: Mapping[str, Choice]) -> list[str]:
    counts = Counter(str(choice.rule) for choice in choices.values())
    return [
        f"{what} of {count} {'layer' if count == 1 else 'layers'} by {rule}"
        for rule, count in counts.items()
    ]
