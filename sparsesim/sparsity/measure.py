"""Sparsity of weights by layer, block and model, from the graph alone.

Activation sparsity is not here: it needs inputs, and comes from a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sparsesim.graph import Graph
from sparsesim.graph.blocks import Block
from sparsesim.graph.tied import stored_in
from sparsesim.sparsity.stored import StoredWeight, stored_weight


@dataclass(frozen=True)
class Sparsity:
    """Zeros among the weights of a layer, a block or a model.

    Attributes:
        name: of the layer or block; empty for the model.
        zeros: weights that are zero; of quantised ones, that equal the zero point.
        elements: all weights. Biases and normalisation parameters are none; nor are weights that
            are computed while the model runs.
    """

    name: str
    zeros: int
    elements: int

    @property
    def sparsity(self) -> float | None:
        """Zeros / elements, 0 to 1; None where there are no elements."""
        return self.zeros / self.elements if self.elements else None


@dataclass(frozen=True)
class SparsityTable:
    """Sparsity of all weights of a graph.

    Attributes:
        layers: in execution order (eq. 3).
        blocks: zeros in all of a block's layers over elements in all of them (eq. 5); a weight
            that several of them share is there once.
        model: the same over all blocks.
    """

    layers: tuple[Sparsity, ...]
    blocks: tuple[Sparsity, ...]
    model: Sparsity


def weight_sparsity(graph: Graph, blocks: Iterable[Block]) -> SparsityTable:
    """Count zeros.

    Args:
        graph: loaded or rewritten. A weight that several layers share counts in each of them, and
            once in a block and in the model.
        blocks: all blocks of the graph.
    Source: Loroch et al., "Sparsity in Deep Neural Networks", 2018, eqs. 3 and 5.
    """
    found = {layer.name: stored_weight(graph, layer) for layer in graph.layers}
    layers = {name: _of_layer(graph, name, stored) for name, stored in found.items()}
    tensors = (stored.tensor for stored in found.values() if stored)
    first = stored_in(graph.model, graph.constants, tensors)

    def whole(name: str, members: Iterable[str]) -> Sparsity:
        kept: dict[str, Sparsity] = {}
        for member in members:
            stored = found[member]
            kept.setdefault(first[stored.tensor] if stored else "", layers[member])
        parts = kept.values()
        return Sparsity(name, sum(part.zeros for part in parts), sum(p.elements for p in parts))

    blocks = tuple(blocks)
    rows = tuple(whole(block.name, block.layers) for block in blocks)
    model = whole("", (layer for block in blocks for layer in block.layers))
    return SparsityTable(tuple(layers.values()), rows, model)


def _of_layer(graph: Graph, name: str, stored: StoredWeight | None) -> Sparsity:
    if stored is None:
        return Sparsity(name, 0, 0)
    steps = stored.steps(graph.constants)
    return Sparsity(name, int(steps.size - np.count_nonzero(steps)), int(steps.size))
