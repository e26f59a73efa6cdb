"""A layer's operands on one run, lowered: what estimates of any accelerator start from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sparsesim.estimator.batches import joined, joined_bits
from sparsesim.estimator.shared import Shared
from sparsesim.estimator.stored_weights import stored_weight
from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import ones, word_count
from sparsesim.lowering.kernels import lower_activations, lower_weights
from sparsesim.memory import LayerCounts, count_layer
from sparsesim.trace import ImageTrace, Trace, TraceLayer


@dataclass(frozen=True, eq=False)
class Operands:
    """A layer's operands on one run.

    Attributes:
        geometry: of the run.
        activation, weight, output: packed bits, flat.
        activation_rows: uint64, (groups, positions, words of K bits + 1), lowered.
        weight_rows: uint64, (weight sets, filters, words of K bits + 1).
        counts: running counts of non-zeros.
        weight_groups: the groups that hold each weight once; empty: all.
        shared: what was made of them.
    """

    geometry: Geometry
    activation: np.ndarray
    weight: np.ndarray
    output: np.ndarray
    activation_rows: np.ndarray
    weight_rows: np.ndarray
    counts: LayerCounts
    weight_groups: tuple[int, ...] = ()
    shared: Shared = field(default_factory=Shared)

    def stored_weight(self) -> tuple[np.ndarray, int, int]:
        """The weight, each one once: packed bits, how many, in how many rows."""
        found = self.shared.get("stored weight")
        if found is None:
            found = stored_weight(self.weight, self.geometry, self.weight_groups)
            self.shared.put("stored weight", found)
        return found

    def nonzeros(self) -> tuple[int, int, int]:
        """Effectual elements of the activation, of the output, of the lowered activations."""
        found = self.shared.get("nonzeros")
        if found is None:
            counted = (ones(part) for part in (self.activation, self.output, self.activation_rows))
            found = self.shared.put("nonzeros", tuple(counted))
        return found


def lower(
    geometry: Geometry,
    activation: np.ndarray,
    weight: np.ndarray,
    output: np.ndarray,
    weight_rows: np.ndarray | None = None,
    weight_groups: tuple[int, ...] = (),
) -> Operands:
    """Lower a layer's packed bits.

    Args:
        geometry: of the run.
        activation, weight, output: packed bits, flat.
        weight_rows: those of an earlier run with the same weight.
        weight_groups: as `TraceLayer` has it.
    """
    words = word_count(geometry.reduction)
    rows = np.zeros((geometry.groups, geometry.positions, words), dtype=np.uint64)
    numbers = geometry.array()
    for group in range(geometry.groups):
        lower_activations(activation, numbers, group, 0, rows[group])
    if weight_rows is None:
        own = geometry.weight_sets
        weight_rows = np.zeros((own * geometry.filters, words), dtype=np.uint64)
        lower_weights(weight, 0, geometry.reduction, weight_rows)
        weight_rows = weight_rows.reshape(own, geometry.filters, words)
    counts = count_layer(geometry, activation, weight)
    return Operands(geometry, activation, weight, output, rows, weight_rows, counts, weight_groups)


def operands_of(
    trace: Trace,
    layer: TraceLayer,
    images: list[ImageTrace],
    weight_rows: np.ndarray | None = None,
) -> Operands:
    """The operands of a layer on one run.

    Args:
        trace: of the network.
        layer: of it.
        images: of the run: one, or several that lie side by side.
        weight_rows: as of `lower`.
    """
    constant = layer.weight_is_constant
    return lower(
        joined(layer, images).geometry,
        joined_bits(layer.activation, trace, images, layer),
        trace.weights[layer.weight] if constant else images[0].bits[layer.weight],
        joined_bits(layer.output, trace, images, layer),
        weight_rows,
        layer.weight_groups,
    )
