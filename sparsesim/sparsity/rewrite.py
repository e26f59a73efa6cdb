"""`sparsify`: sparsifiers and quantisers become a rewrite of the graph, which stays plain ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sparsesim.graph import Graph
from sparsesim.graph.opset import with_opset
from sparsesim.sparsity.activations import put_behind_layers
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.left import in_words, left
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
            that cannot stand behind a layer, a layer called by name that its rule cannot change:
            its weight is computed or has no scale, say. Patterns pass over such layers, and
            `rewrites` says so.
        ModelError: an opset below what the nodes behind layers need (9 of a threshold, 13 of most
            others) that cannot be converted.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """
    planned = plan(graph, thresholds)
    chosen = {table: active(planned[table]) for table in ("weights", "activations")}
    passed = {table: left(graph, table, choices) for table, choices in chosen.items()}
    weights, activations = (
        {layer: choice for layer, choice in choices.items() if layer not in passed[table]}
        for table, choices in chosen.items()
    )
    words = [*_words("weights", weights), *_words("activations", activations)]
    words += [line for table in passed for line in in_words(table, passed[table])]
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
