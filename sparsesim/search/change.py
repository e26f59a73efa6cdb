"""What a candidate of the search changes: weights of layers, thresholds behind layers.

The same arithmetic as `sparsity`'s rewrites, without building a graph for each candidate; the test
compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.runner import runner_of
from sparsesim.errors import SpecError
from sparsesim.graph import Graph, Layer
from sparsesim.sparsity.behind import quantiser_behind
from sparsesim.sparsity.stored import stored_weight


@dataclass(frozen=True)
class Threshold:
    """A threshold on a tensor.

    Attributes:
        limit: at or below it a magnitude becomes zero; a float32 value, in real units.
        scale, zero: of a quantised tensor; 1 and 0 of a float one.
    """

    limit: float
    scale: float = 1.0
    zero: int = 0

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The tensor with its small values at zero (at its zero point)."""
        limit = np.float32(self.limit)
        if values.dtype.kind == "f":
            return np.where(np.abs(values) <= limit, values.dtype.type(0), values)
        real = (values.astype(np.int32) - self.zero).astype(np.float32) * np.float32(self.scale)
        return np.where(np.abs(real) <= limit, values.dtype.type(self.zero), values)


@dataclass(frozen=True)
class Change:
    """Weights and thresholds in place of the graph's own.

    Attributes:
        runners: layer name -> the layer with other weights.
        thresholds: tensor name -> its threshold.
    """

    runners: Mapping[str, LayerRunner] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)

    def behind(self, name: str, values: np.ndarray) -> np.ndarray:
        """A tensor behind its threshold, where it has one."""
        return self.thresholds[name].apply(values) if name in self.thresholds else values

    def __or__(self, other: Change) -> Change:
        return Change({**self.runners, **other.runners}, {**self.thresholds, **other.thresholds})


def real_weight(graph: Graph, layer: Layer) -> np.ndarray:
    """A layer's constant weight in real units, as stored.

    Raises:
        SpecError: it is computed while the model runs, or is quantised without a scale.
    """
    stored = stored_weight(graph, layer)
    if stored is None or stored.tensor != layer.weight:
        raise SpecError(
            f"layer '{layer.name}': its weight is computed while the model runs and cannot be "
            "searched; leave the layer out"
        )
    if graph.constants[stored.tensor].dtype.kind != "f" and not stored.scale:
        raise SpecError(
            f"layer '{layer.name}' ({layer.op}): its weight has no scale of its own, so a "
            "threshold in real units means nothing; leave the layer out"
        )
    return stored.real(graph.constants)


def with_weight_threshold(graph: Graph, layer: Layer, limit: float, raw: Graph) -> LayerRunner:
    """A layer with the weights of at most `limit` in magnitude at zero.

    Args:
        graph: that runs.
        layer: of it.
        limit: 0 or more.
        raw: whose weights the limit is for: the graph itself, or the same model before batch
            normalisation was folded into it. Folding scales filters, so zeros stay zeros.
    """
    small = np.abs(real_weight(raw, raw.layer(layer.name))) <= np.float32(limit)
    stored = stored_weight(graph, layer)
    assert stored is not None  # a weight that is constant before folding is so behind it
    weight = graph.constants[stored.tensor]
    if weight.dtype.kind == "f":
        changed = np.where(small, weight.dtype.type(0), weight)
    else:
        changed = stored.with_zeros(small, graph.constants)
    constants = {**graph.constants, stored.tensor: changed}
    return runner_of(layer, constants, graph.types.get(layer.activation, np.dtype(np.float32)))


def activation_threshold(graph: Graph, layer: Layer, limit: float) -> Threshold:
    """A threshold on the tensor behind a layer.

    Raises:
        SpecError: integer sums without a scale.
    """
    scale, zero = quantiser_behind(layer)
    if layer.op.endswith("Integer") and not scale:
        raise SpecError(
            f"layer '{layer.name}' ({layer.op}) gives integer sums whose scale it does not know; "
            "leave the layer out"
        )
    if not scale:
        return Threshold(limit)
    step = float(graph.constants[scale].reshape(-1)[0])
    return Threshold(limit, step, int(graph.constants[zero].reshape(-1)[0]) if zero else 0)
