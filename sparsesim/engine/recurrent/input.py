"""x·W: the inputs of all steps by the weights of all gates and directions, in one product."""

from __future__ import annotations

import numpy as np

from sparsesim.engine import products
from sparsesim.engine.layer import Tensors
from sparsesim.engine.recurrent.quantise import dynamic
from sparsesim.engine.recurrent.runner import RecurrentRunner
from sparsesim.engine.recurrent.weights import rows_first
from sparsesim.errors import ModelError
from sparsesim.graph.limits import check_elements
from sparsesim.lowering import Geometry, product


class InputRunner(RecurrentRunner):
    """Runs the layer `NODE/input`; positions are the steps, then the batch."""

    def make(self, tensors: Tensors) -> dict[str, np.ndarray]:
        """The sums (steps, batch, directions * rows of W), and the quantised inputs."""
        layer = self.layer
        weight = self.weight(tensors)
        x = tensors[layer.inputs[0]]
        self.geometry(x.shape, tensors[layer.weight].shape)  # raises where they don't multiply
        rows = weight.matrix.reshape(-1, weight.matrix.shape[2]).T
        made: dict[str, np.ndarray] = {}
        if weight.scale is None:
            values = x.astype(weight.matrix.dtype, copy=False)
        else:
            quantised, scale, zero = dynamic(x.astype(np.float32, copy=False))
            values = quantised.astype(rows.dtype) - rows.dtype.type(zero)
            names = layer.activation, layer.activation_scale, layer.activation_zero
            made = dict(zip(names, (quantised, np.array(scale), np.array(zero)), strict=True))
        sums = products.multiply(values.reshape(x.shape[0] * x.shape[1], rows.shape[0]), rows)
        if weight.scale is not None:
            by_row = np.broadcast_to(weight.scale, weight.matrix.shape[:2]).reshape(-1)
            sums = sums.astype(np.float32) * (scale * by_row)
        made[layer.output] = sums.reshape(*x.shape[:2], rows.shape[1])
        return made

    def geometry(self, activation: tuple[int, ...], weight: tuple[int, ...]) -> Geometry:
        """The lowering for an input (steps, batch, K) and a weight as stored."""
        directions, filters, reduction = rows_first(self.layer, np.empty(weight, bool)).shape
        if len(activation) != 3 or activation[2] != reduction:
            raise ModelError(
                f"{self.layer.name}: its activation is {list(activation)} and its weight "
                f"{list(weight)}; they do not multiply"
            )
        steps, batch, _ = activation
        check_elements((steps, batch, directions, filters), f"{self.layer.name}: its output")
        return product(1, directions * filters, steps * batch, reduction)
