"""Running a graph in the datapath's own numbers: MAC layers on the array, all else as the engine.

Not ONNX's execution (`sparsesim.engine.run`): sums wrap at the accumulator's width, and a layer is
requantised by a multiplier and a shift.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from sparsesim.engine.checks import check_groups, check_vectors
from sparsesim.engine.endings import ending
from sparsesim.engine.epilogue import apply_chain, clamp_of
from sparsesim.engine.feed import check_feed
from sparsesim.engine.host import HostRunner
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.numbers import type_range
from sparsesim.engine.runner import runner_of
from sparsesim.engine.threads import single_threaded_blas
from sparsesim.engine.weights import weight_zero
from sparsesim.errors import ModelError
from sparsesim.fixed_point.post_processing import post_processing
from sparsesim.fixed_point.product import (
    LayerProduct,
    check_width,
    lower_activations,
    lower_weights,
    output_shape,
    signed_bits,
    tensor_of,
)
from sparsesim.fixed_point.sums import Array, Computed, exact_sums
from sparsesim.graph import Graph, Layer
from sparsesim.spec import Accelerator

Tensors = Mapping[str, np.ndarray]
Observer = Callable[[LayerProduct, Computed, np.ndarray], None]
"""Sees of each layer its product, what the array made of it, and the layer's output tensor."""


def run(
    graph: Graph,
    feed: Tensors,
    accelerator: Accelerator,
    array: Array = exact_sums,
    observer: Observer | None = None,
) -> list[np.ndarray]:
    """The model's outputs, in order, of one feed; for many feeds keep a `FixedPoint`.

    Args:
        graph: quantised.
        feed: input tensors by name.
        accelerator: its widths, and the order in which its machine adds up.
        array: computes the products: the Verilog takes this place.
        observer: sees each layer.
    Raises:
        ModelError, InputError: as `FixedPoint` and its `run`.
    """
    return FixedPoint(graph, accelerator, array).run(feed, observer)


class FixedPoint:
    """A graph made ready to run in fixed point; weights are lowered once and serve all runs."""

    def __init__(
        self,
        graph: Graph,
        accelerator: Accelerator,
        array: Array = exact_sums,
        layers: Collection[str] | None = None,
    ) -> None:
        """As `run`.

        Args:
            layers: names; all others run in the engine, so that these have the operands that they
                have in ONNX's execution, or nearly so behind one another. None: all layers.
        Raises:
            ModelError: one of the layers multiplies floats.
        """
        self.graph = graph
        self.steps: list[FixedLayer | LayerRunner | HostRunner] = []
        for step in graph.steps:
            if not isinstance(step, Layer):
                self.steps.append(HostRunner(step, graph))
            elif layers is None or step.name in layers:
                self.steps.append(FixedLayer(step, graph, accelerator, array))
            else:
                kind = graph.types.get(step.activation, np.dtype(np.float32))
                self.steps.append(runner_of(step, graph.constants, kind))

    @property
    def layers(self) -> dict[str, FixedLayer]:
        """The MAC layers that run in fixed point by name, in execution order."""
        return {step.layer.name: step for step in self.steps if isinstance(step, FixedLayer)}

    def run(self, feed: Tensors, observer: Observer | None = None) -> list[np.ndarray]:
        """The model's outputs, in order.

        Args:
            feed: input tensors by name.
            observer: sees each layer.
        Raises:
            InputError: the feed does not fit the model's inputs.
            ModelError: operands wider than the accelerator's, a scale that it cannot express,
                operands that do not fit each other, the host fails.
        """
        check_feed(self.graph, feed)
        tensors = {**self.graph.constants, **feed}
        with single_threaded_blas():
            for step in self.steps:
                if isinstance(step, FixedLayer):
                    tensors[step.layer.output] = step.run(tensors, observer)
                elif isinstance(step, LayerRunner):
                    tensors.update(step.make(tensors))
                else:
                    tensors.update(zip(step.step.outputs, step.run(tensors), strict=True))
        return [tensors[name] for name in self.graph.outputs]


class FixedLayer:
    """One MAC layer on the array; a constant weight is lowered once."""

    def __init__(
        self, layer: Layer, graph: Graph, accelerator: Accelerator, array: Array = exact_sums
    ) -> None:
        self.layer, self.accelerator, self.array = layer, accelerator, array
        self.where = f"{graph.source}: layer '{layer.name}'"
        if layer.is_recurrent:
            raise ModelError(
                f"{self.where} is a product of a recurrent node ({layer.op}), whose gates are "
                "floats; the fixed-point execution has none of these"
            )
        if not layer.is_integer:
            raise ModelError(
                f"{self.where} multiplies floats; the fixed-point execution takes integers: "
                "quantise the model first (--quantize)"
            )
        # Lowers shapes only: without constants it prepares no weight of its own.
        self._shapes = LayerRunner(layer, {}, np.dtype(np.uint8))
        zero_is_there = not layer.weight_zero or layer.weight_zero in graph.constants
        self._constant = layer.weight in graph.constants and zero_is_there
        self._lowered: tuple[tuple[int, ...], np.ndarray] | None = None

    def run(self, tensors: Tensors, observer: Observer | None = None) -> np.ndarray:
        """The tensor behind the layer's chain.

        Args:
            tensors: by name, everything that `Layer.reads` lists.
            observer: sees the layer.
        """
        layer = self.layer
        product = self.product(tensors)
        computed = self.array(product, self.accelerator)
        shape = output_shape(layer, tensors[layer.activation].shape, tensors[layer.weight].shape)
        post, values = product.post, computed.outputs
        if post is None:
            output = finished(layer, tensor_of(layer, self._sums(computed), shape), tensors)
        else:
            values = post.apply(self._sums(computed)) if values is None else values
            made = tensor_of(layer, values, shape).astype(post.dtype)
            output = apply_chain(made, layer.chain[post.chain :], tensors)
        if observer is not None:
            observer(product, computed, output)
        return output

    def product(self, tensors: Tensors) -> LayerProduct:
        """The layer's product: its operands lowered, and its post-processing.

        Args:
            tensors: by name, everything that `Layer.reads` lists.
        Raises:
            ModelError: operands wider than the accelerator's, a scale that it cannot express,
                operands that do not fit each other.
        """
        layer = self.layer
        x, w = tensors[layer.activation], tensors[layer.weight]
        if layer.kind.startswith("conv"):
            check_groups(layer, w.shape)
        geometry = self._shapes.geometry(x.shape, w.shape)
        groups = geometry.groups if layer.kind.startswith("conv") else 1  # batches share vectors
        shape = output_shape(layer, x.shape, w.shape)
        check_vectors(layer, tensors, shape, groups * geometry.filters)
        post, reason = post_processing(layer, tensors, geometry.groups, geometry.filters)
        return LayerProduct(
            name=layer.name,
            geometry=geometry,
            activations=self._activations(tensors, geometry, x, w.shape),
            weights=self._weights(tensors, geometry, w, x.shape),
            post=post,
            reason=reason,
        )

    def _activations(self, tensors: Tensors, geometry, x: np.ndarray, weight) -> np.ndarray:
        layer = self.layer
        zero = int(tensors[layer.activation_zero].reshape(-1)[0]) if layer.activation_zero else 0
        low, high = type_range(x.dtype)
        needed = signed_bits(low - zero, high - zero)
        check_width(self.where, "activations", needed, "act_bits", self.accelerator.act_bits)
        values = (x.astype(np.int32) - zero).astype(np.int16)
        return lower_activations(layer, geometry, values, weight)

    def _weights(self, tensors: Tensors, geometry, w: np.ndarray, activation) -> np.ndarray:
        if self._lowered is not None and self._lowered[0] == activation:
            return self._lowered[1]
        zeros = weight_zero(self.layer, tensors, w.ndim)
        values = w.astype(np.int32)
        if zeros is not None:
            values = values - zeros.astype(np.int32)
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        if not self._constant:  # any value of its type may come
            least, most = type_range(w.dtype)
            at = np.zeros(1, np.int32) if zeros is None else zeros.astype(np.int32)
            low, high = least - int(at.max()), most - int(at.min())
        needed = signed_bits(low, high)
        check_width(self.where, "weights", needed, "weight_bits", self.accelerator.weight_bits)
        lowered = lower_weights(self.layer, geometry, values.astype(np.int16), activation)
        if self._constant:
            self._lowered = activation, lowered
        return lowered

    def _sums(self, computed: Computed) -> np.ndarray:
        if computed.sums is None:
            raise ValueError(f"{self.where}: the array gave neither sums nor outputs")
        return computed.sums


def finished(layer: Layer, sums: np.ndarray, tensors: Tensors) -> np.ndarray:
    """Sums without a post-processing, shaped as the output, as the engine finishes them.

    Args:
        layer: the layer.
        sums: whole numbers, or floats where the layer multiplies floats.
        tensors: by name, the layer's bias, scales and zero points.
    """
    low, high, clamped = (-np.inf, np.inf, 0) if layer.output_scale else clamp_of(layer.chain)
    end = ending(layer, tensors, low, high)
    if layer.kind.startswith("conv"):
        images = sums.reshape(*sums.shape[:2], -1)
        end.start(images.shape, images.dtype)
        for index, image in enumerate(images):
            end.block(image, index, 0, 0)
        y = end.of_convolution(images).reshape(sums.shape)
    else:
        y = np.asarray(end.of_product(sums))
    return apply_chain(y, layer.chain[clamped:], tensors)
