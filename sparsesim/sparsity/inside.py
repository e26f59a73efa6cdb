"""Layers inside recurrent nodes, behind which nothing can stand: patterns pass over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sparsesim.errors import SpecError
from sparsesim.graph import Graph
from sparsesim.sparsity.choose import Choice


def kept_inside(graph: Graph, choices: Mapping[str, Choice]) -> tuple[str, ...]:
    """Of the layers that rules for activations choose, those whose outputs stay inside a node.

    Args:
        graph: the graph.
        choices: layer -> what it gets, which is more than nothing.
    Raises:
        SpecError: such a layer is called by its own name.
    """
    found = []
    for name, choice in choices.items():
        layer = graph.layer(name)
        if not layer.is_recurrent:
            continue
        if choice.pattern == name:
            raise SpecError(
                f"{choice.where}: what layer '{name}' gives stays inside its node ({layer.op}), "
                "where no function can be put; give this layer the threshold 0"
            )
        found.append(name)
    return tuple(found)


def inside_in_words(names: Iterable[str]) -> str:
    """What a rewrite says of layers that it passed over."""
    names = tuple(names)
    told = ", ".join(names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    layers, verb = ("layer", "it is") if len(names) == 1 else ("layers", "they are")
    return (
        f"activations of {len(names)} {layers} left as {verb}, inside a recurrent node: "
        f"{told}{more}"
    )
