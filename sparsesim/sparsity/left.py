"""Layers that a rule cannot change: a pattern passes over them, a name is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, Layer
from sparsesim.sparsity.behind import quantiser_behind
from sparsesim.sparsity.choose import Choice
from sparsesim.sparsity.stored import stored_weight
from sparsesim.spec.thresholds import MAGNITUDE

# Why a layer is left: in a few words, and as the end of the error that names the layer.
Reason = tuple[str, str]


def left(graph: Graph, table: str, choices: Mapping[str, Choice]) -> dict[str, str]:
    """Of the layers that rules choose, those that these cannot change, and why in a few words.

    Args:
        graph: the graph.
        table: `weights` or `activations`; of others no layer is left.
        choices: layer -> what it gets, which is more than nothing.
    Raises:
        SpecError: such a layer is called by its own name.
    """
    reason_of = _REASONS.get(table)
    if reason_of is None:
        return {}
    found = {}
    for name, choice in choices.items():
        reason = reason_of(graph, graph.layer(name), choice)
        if reason is None:
            continue
        if choice.pattern == name:
            raise SpecError(f"{choice.where}: {reason[1]}")
        found[name] = reason[0]
    return found


def in_words(table: str, found: Mapping[str, str]) -> list[str]:
    """What a rewrite says of layers that it passed over: a line for each reason."""
    lines = []
    for reason in dict.fromkeys(found.values()):
        names = [name for name in found if found[name] == reason]
        told = ", ".join(names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        layers, verb = ("layer", "it is") if len(names) == 1 else ("layers", "they are")
        lines.append(f"{table} of {len(names)} {layers} left as {verb}, {reason}: {told}{more}")
    return lines


def _of_weight(graph: Graph, layer: Layer, choice: Choice) -> Reason | None:
    stored, rule = stored_weight(graph, layer), choice.rule
    if stored is None:
        return "computed while the model runs", (
            f"the weight of layer '{layer.name}' is computed while the model runs and cannot be "
            "rewritten; give this layer the threshold 0"
        )
    weight = graph.constants[stored.tensor]
    if weight.dtype.kind == "f":
        return None
    if rule.kind == "quantiser":
        return "quantised already", (
            f"the weight of layer '{layer.name}' is quantised already, to {weight.dtype}, which "
            f"quantiser '{rule.name}' cannot change; use a sparsifier"
        )
    if not stored.scale and rule.name == MAGNITUDE:
        return "integers without a scale", (
            f"the weight of layer '{layer.name}' ({layer.op}) has no scale of its own, so a "
            "threshold in real units means nothing; use top_k or n_m, or 0"
        )
    return None


def _of_activation(graph: Graph, layer: Layer, choice: Choice) -> Reason | None:
    if layer.is_recurrent:
        return "inside a recurrent node", (
            f"what layer '{layer.name}' gives stays inside its node ({layer.op}), where no "
            "function can be put; give this layer the threshold 0"
        )
    if layer.op.endswith("Integer"):
        return "integer sums without a scale", (
            f"layer '{layer.name}' ({layer.op}) gives integer sums whose scale it does not know; "
            "give this layer the threshold 0"
        )
    if choice.rule.kind == "quantiser" and quantiser_behind(layer)[0]:
        return "quantised already", (
            f"the output of layer '{layer.name}' is quantised already, by the model itself, so "
            f"quantiser '{choice.rule.name}' is not put behind it; use a sparsifier"
        )
    return None


_REASONS: dict[str, Callable[[Graph, Layer, Choice], Reason | None]] = {
    "weights": _of_weight,
    "activations": _of_activation,
}
