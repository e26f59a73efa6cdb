"""Gradients between the backward pass and the optimiser: penalties added, small ones made zero.

The loss of equation 2 holds the penalties, so the threshold sees their gradients too. A recipe's
threshold applies to the gradients of all parameters, a map's rules to those of weights; sparsity is
counted over weights only (equations 3 to 5 know no biases).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.errors import SparseSimError, SpecError

if TYPE_CHECKING:
    import onnx

    from sparsesim.graph import Layer
    from sparsesim.sparsity.choose import Choice
    from sparsesim.sparsity.function import TensorFunction
    from sparsesim.spec.thresholds import Thresholds

    # Which rule the gradients of a layer's weights get, by the layer's name.
    Choices = Mapping[str, tuple[Layer, Choice]]


@dataclass(frozen=True, eq=False)
class GradientRule:
    """A function that the gradient of a layer's weights goes through.

    Attributes:
        weight: the parameter.
        layer: whose weight it is.
        where: the line of the map, such as `gradients.conv*`.
        function: a sparsifier or quantiser.
        parameters: its own.
    """

    weight: Any
    layer: Layer
    where: str
    function: TensorFunction
    parameters: dict[str, Any]


@dataclass(frozen=True, eq=False)
class GradientPlan:
    """What every step does to each gradient.

    Attributes:
        thresholds: parameters and the magnitude at or below which their gradients become zero.
        rules: other functions than that threshold.
    """

    thresholds: tuple[tuple[Any, float], ...]
    rules: tuple[GradientRule, ...]


def weights_of(network: Any) -> dict[str, Any]:
    """Weights of convolutions and fully connected layers by the layer's name, in order.

    Biases and normalisation parameters are no weights.
    """
    from torch import nn

    return {
        name.replace(".", "/"): module.weight
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }


def gradient_choices(model: onnx.ModelProto, rules: Thresholds) -> Choices:
    """The rule of a map's `[gradients]` that each layer gets; layers without one are left out.

    Args:
        model: the network as ONNX: its layers and blocks are named as everywhere.
        rules: the map; only its `blocks` and `gradients` count.
    Raises:
        SpecError: no gradients in it, a pattern that matches nothing, an unknown function or
            parameters that it refuses.
    """
    from sparsesim.graph import load
    from sparsesim.sparsity.plan import plan
    from sparsesim.spec.thresholds import Thresholds

    if not rules.gradients:
        raise SpecError(f"map '{rules.name}' has no table 'gradients'; training uses only that")
    graph = load(model)
    own = Thresholds(blocks=rules.blocks, gradients=rules.gradients)
    found = plan(graph, own)["gradients"]
    return {name: (graph.layer(name), choice) for name, choice in found.items()}


def gradient_plan(network: Any, threshold: float, choices: Choices) -> GradientPlan:
    """What every step does.

    Args:
        network: whose parameters get gradients.
        threshold: of all gradients that no choice is for, 0 or more; 0 leaves them as they are.
        choices: of `gradient_choices`; may be empty.
    """
    from sparsesim.sparsity.plan import function_of

    weights = weights_of(network)
    chosen = {id(weights[name]) for name in choices}
    thresholds = [(p, threshold) for p in network.parameters() if id(p) not in chosen]
    rules = []
    for name, (layer, choice) in choices.items():
        parameters = dict(choice.rule.parameters)
        if choice.rule.is_magnitude:
            thresholds.append((weights[name], float(parameters["threshold"])))
        else:
            function = function_of(choice.rule)
            rules.append(GradientRule(weights[name], layer, choice.where, function, parameters))
    return GradientPlan(tuple((p, t) for p, t in thresholds if t > 0), tuple(rules))


def add_penalties(weights: Mapping[str, Any], l1: float, l2: float) -> None:
    """Add the gradients of l1 * sum |w| + l2 / 2 * sum w^2: l1 * sign(w) + l2 * w, sign(0) = 0."""
    for weight in weights.values():
        w = weight.detach()
        if l2:
            weight.grad.add_(w, alpha=l2)
        if l1:
            weight.grad.add_(w.sign(), alpha=l1)


def sparsify_gradients(plan: GradientPlan) -> None:
    """Make small gradients zero, as the plan says; the edge becomes zero.

    Args:
        plan: of parameters whose `.grad` is there.
    Raises:
        SpecError, InputError: a rule's function refuses a gradient; the layer is named.
    Source: Loroch et al. 2018, sections 2.2 and 3.2.
    """
    from torch.nn.functional import hardshrink

    for parameter, threshold in plan.thresholds:
        # ONNX's Shrink without bias. A new tensor: half the time of copying it back.
        parameter.grad = hardshrink(parameter.grad, threshold)
    for rule in plan.rules:
        _apply(rule)


def nonzero_counts(weights: Mapping[str, Any]) -> np.ndarray:
    """Gradients that are not zero in each layer, int64, shape (layers,)."""
    return np.array([int(w.grad.count_nonzero()) for w in weights.values()], dtype=np.int64)


def _apply(rule: GradientRule) -> None:
    """A rule on the gradient as an array (filters, K), as weights are sparsified."""
    import torch

    from sparsesim.sparsity.rows import from_rows, rows_of

    gradient = rule.weight.grad.numpy()
    try:
        rows = rule.function.apply(rows_of(rule.layer, gradient), **rule.parameters)
    except SparseSimError as error:
        raise type(error)(f"{rule.where}: layer '{rule.layer.name}': {error}") from None
    rule.weight.grad.copy_(torch.from_numpy(from_rows(rule.layer, rows, gradient.shape)))
