"""A layer's weight as the file stores it: where it lies, its real values, zeros put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sparsesim.graph import Graph, Layer

_QLINEAR = ("QLinearConv", "QLinearMatMul")


@dataclass(frozen=True)
class StoredWeight:
    """A constant weight.

    Attributes:
        tensor: the constant's name.
        slot: which input of the layer's node it comes in by.
        dequantise: the node between the two; None where there is none.
        scale, zero: the constants that quantise it; empty: none.
        axis: along which these run where they are vectors.
        by_direction: where they are matrices they run along the first and the last axis.
    """

    tensor: str
    slot: int
    dequantise: onnx.NodeProto | None = None
    scale: str = ""
    zero: str = ""
    axis: int = 0
    by_direction: bool = False

    def steps(self, constants: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The values with the zero point subtracted: floats as stored, or int32."""
        stored = constants[self.tensor]
        if stored.dtype.kind == "f":
            return stored
        return np.subtract(stored.astype(np.int32), self._zeros(constants), dtype=np.int32)

    def real(self, constants: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The values in real units, as DequantizeLinear gives them; steps where no scale is."""
        steps = self.steps(constants)
        if steps.dtype.kind == "f":
            return steps
        if not self.scale:
            return steps.astype(np.float32)
        scale = self._along(constants[self.scale].astype(np.float32), steps.shape)
        return steps.astype(np.float32) * scale

    def with_zeros(
        self, mask: NDArray[np.bool_], constants: Mapping[str, NDArray[Any]]
    ) -> NDArray[Any]:
        """A copy of the stored weight in which the masked elements are zero, or the zero point."""
        stored = constants[self.tensor]
        zeros = np.broadcast_to(self._zeros(constants), stored.shape)
        changed = stored.copy()
        changed[mask] = zeros[mask].astype(stored.dtype)
        return changed

    def _zeros(self, constants: Mapping[str, NDArray[Any]]) -> NDArray[np.int32]:
        if not self.zero:
            return np.zeros((), np.int32)
        zero = constants[self.zero].astype(np.int32)
        return self._along(zero, constants[self.tensor].shape)

    def _along(self, vector: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Shaped to broadcast over a weight of that shape."""
        if vector.size == 1:
            return vector.reshape(())
        if vector.ndim == len(shape) - 1 and vector.ndim > 1 and self.by_direction:
            return np.expand_dims(vector, 1)
        if vector.ndim != 1:
            return vector
        axis = self.axis % len(shape)
        return vector.reshape([-1 if i == axis else 1 for i in range(len(shape))])


def stored_weight(graph: Graph, layer: Layer) -> StoredWeight | None:
    """Where a layer's weight is stored, or None where it is computed while the model runs."""
    node = next(node for node in graph.model.graph.node if node.name == node_of(layer))
    slot = _slot(layer)
    name = node.input[slot]
    if name in graph.constants:
        axis = 0 if layer.kind == "conv" else (-2 if layer.weight_first else -1)
        axis = 0 if layer.is_recurrent else axis
        scale, zero = layer.weight_scale, layer.weight_zero
        found = StoredWeight(name, slot, None, scale, zero, axis, layer.is_recurrent)
    else:
        maker = next((made for made in graph.model.graph.node if name in made.output), None)
        if maker is None or maker.op_type != "DequantizeLinear" or maker.domain:
            return None
        axis = next((entry.i for entry in maker.attribute if entry.name == "axis"), 1)
        names = [*maker.input, ""]
        found = StoredWeight(names[0], slot, maker, names[1], names[2], axis)
    read = [found.tensor, *filter(None, (found.scale, found.zero))]
    return found if all(name in graph.constants for name in read) else None


def node_of(layer: Layer) -> str:
    """The name of the node that reads a layer's weight."""
    return layer.nodes[0]


def _slot(layer: Layer) -> int:
    if layer.is_recurrent:
        return 2 if layer.kind == "recurrent" else 1
    if layer.weight_first:
        return 0
    return 3 if layer.op in _QLINEAR else 1
