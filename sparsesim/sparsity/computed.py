"""Layers whose weight is computed while the model runs: a pattern for weights passes over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sparsesim.errors import SpecError
from sparsesim.graph import Graph
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.stored import stored_weight


def passed_over(graph: Graph, choices: Mapping[str, Choice]) -> tuple[str, ...]:
    """Of the layers that rules for weights choose, those whose weight is none of the model's.

    Args:
        graph: the graph.
        choices: layer -> what it gets, which is more than nothing.
    Raises:
        SpecError: such a layer is called by its own name.
    """
    found = []
    for name, choice in choices.items():
        if stored_weight(graph, graph.layer(name)) is not None:
            continue
        if choice.pattern == name:
            raise SpecError(
                f"{choice.where}: the weight of layer '{name}' is computed while the model runs "
                "and cannot be rewritten; give this layer the threshold 0"
            )
        found.append(name)
    return tuple(found)


def in_words(names: Iterable[str]) -> str:
    """What a rewrite says of layers that it passed over."""
    names = tuple(names)
    told = ", ".join(names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    layers, it = ("layer", "it") if len(names) == 1 else ("layers", "they")
    verb = "is" if len(names) == 1 else "are"
    return (
        f"weights of {len(names)} {layers} left as {it} {verb}, computed while the model runs: "
        f"{told}{more}"
    )
