"""What both layers of a recurrent node share: how they are set up, and what `run` gives of them."""

from __future__ import annotations

import numpy as np

from sparsesim.engine.layer import LayerRunner, Tensors
from sparsesim.engine.recurrent.weights import Weight, prepare
from sparsesim.graph import Layer


class RecurrentRunner(LayerRunner):
    """A layer that makes several tensors; a constant weight is prepared once."""

    def __init__(self, layer: Layer, constants: Tensors, kind: np.dtype) -> None:
        """As of `LayerRunner`."""
        self.layer, self.kind = layer, kind
        self._weight = prepare(layer, constants) if layer.weight in constants else None
        self._geometries = {}

    def weight(self, tensors: Tensors) -> Weight:
        """Its weight, ready to multiply."""
        return self._weight or prepare(self.layer, tensors)

    def run(self, tensors: Tensors) -> np.ndarray:
        """Its output alone: the sums of all inputs, or the gates."""
        return self.make(tensors)[self.layer.output]
