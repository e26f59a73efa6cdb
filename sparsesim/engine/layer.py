"""Running one MAC layer: operands in, the tensor behind its fused chain out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine import numbers, products
from sparsesim.engine.checks import check_vectors, check_zero
from sparsesim.engine.endings import Ending, ending
from sparsesim.engine.epilogue import apply_chain, clamp_of
from sparsesim.engine.shapes import convolution, product_geometry
from sparsesim.engine.weights import Prepared, prepare
from sparsesim.errors import ModelError
from sparsesim.graph import Layer
from sparsesim.lowering import Geometry

Tensors = Mapping[str, np.ndarray]


class LayerRunner:
    """Runs one layer for any input; a constant weight is prepared once."""

    def __init__(self, layer: Layer, constants: Tensors, kind: np.dtype) -> None:
        """`kind`: the activation's type; it decides how wide integer products must be."""
        self.layer, self.kind = layer, kind
        constant = layer.weight in constants
        if layer.weight_zero and layer.weight_zero not in constants:
            constant = False
        self._prepared = prepare(layer, constants, kind) if constant else None
        self._geometries: dict[tuple[tuple[int, ...], tuple[int, ...]], Geometry] = {}

    def run(self, tensors: Tensors) -> np.ndarray:
        """The tensor behind the layer's chain.

        Args:
            tensors: by name, everything that `Layer.reads` lists.
        Raises:
            ModelError: operands that do not fit each other.
        """
        layer = self.layer
        weight = self._prepared or prepare(layer, tensors, self.kind)
        x = tensors[layer.activation]
        low, high, clamped = (-np.inf, np.inf, 0) if layer.output_scale else clamp_of(layer.chain)
        end = ending(layer, tensors, low, high)
        if layer.kind in ("conv", "conv_transpose"):
            y = self._convolve(x, weight, tensors, end)
        else:
            y = self._multiply(x, weight, tensors, end)
        chain = layer.chain[clamped:]
        if x.dtype != np.float16:
            return apply_chain(y, chain, tensors)
        with np.errstate(over="ignore"):  # beyond its range a float16 is infinite
            for fused in chain:  # each operator gives float16, whatever it computes in
                y = apply_chain(y.astype(np.float16).astype(y.dtype), [fused], tensors)
            return y.astype(np.float16)

    def make(self, tensors: Tensors) -> dict[str, np.ndarray]:
        """Every tensor that the layer makes, by name; else as `run`."""
        return {self.layer.output: self.run(tensors)}

    def geometry(self, activation: tuple[int, ...], weight: tuple[int, ...]) -> Geometry:
        """The lowering for operands of these shapes (as the graph holds them)."""
        key = (activation, weight)
        if key not in self._geometries:
            if self.layer.kind in ("conv", "conv_transpose"):
                shape = convolution(self.layer, activation, weight)
                made = shape.geometry(self.layer.kind == "conv_transpose")
            else:
                made = product_geometry(self.layer, activation, weight)
            self._geometries[key] = made
        return self._geometries[key]

    def _operand(self, x: np.ndarray, tensors: Tensors, kind: np.dtype) -> np.ndarray:
        layer = self.layer
        if not layer.is_integer:
            return x.astype(kind, copy=False)
        zero = tensors[layer.activation_zero] if layer.activation_zero else None
        if zero is not None and zero.size == 1:
            zero = zero.reshape(())
        if zero is not None and zero.ndim == 1:  # computed, else it were no layer
            raise ModelError(f"{layer.name}: its activation has {zero.size} zero points; use one")
        check_zero(layer, "activation", zero, x.shape)
        return numbers.shifted(x, zero, kind)

    def _convolve(self, x, weight: Prepared, tensors: Tensors, end: Ending) -> np.ndarray:
        shape = convolution(self.layer, x.shape, weight.shape)
        kind = weight.matrix.dtype
        values = np.ascontiguousarray(self._operand(x, tensors, kind))
        values = values.reshape(x.shape[0], x.shape[1], *shape.input)
        check_vectors(self.layer, tensors, shape.output_shape, shape.groups * shape.filters)
        end.start((x.shape[0], shape.groups * shape.filters, shape.positions), kind)
        transposed = self.layer.kind == "conv_transpose"
        run = products.convolve_transposed if transposed else products.convolve
        sums = run(values, weight, shape, end)
        return end.of_convolution(sums).reshape(shape.output_shape)

    def _multiply(self, x, weight: Prepared, tensors: Tensors, end: Ending) -> np.ndarray:
        layer = self.layer
        product_geometry(layer, x.shape, weight.shape)  # raises where they don't multiply
        values = self._operand(x, tensors, weight.matrix.dtype)
        turned = "transB" if layer.weight_first else "transA"
        if layer.kind == "gemm" and layer.attribute(turned, 0):
            values = values.T
        first, second = (weight.matrix, values) if layer.weight_first else (values, weight.matrix)
        sums = products.multiply(first, second)
        matrix = weight.matrix.shape
        filters = matrix[-2 if layer.weight_first else -1] if len(matrix) > 1 else 1
        check_vectors(layer, tensors, np.shape(sums), filters)
        return np.asarray(end.of_product(sums))
