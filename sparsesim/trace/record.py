"""Recording a run: packs each operand once while it is in cache.

An observer of the engine; it changes nothing that flows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.errors import ModelError
from sparsesim.graph import Graph, Layer
from sparsesim.graph.widths import type_bits
from sparsesim.lowering import Geometry
from sparsesim.trace.doubtful_values import Watch
from sparsesim.trace.operands import (
    pack_activation,
    pack_in_order,
    pack_output,
    pack_weight,
    stored_groups,
    turned,
)
from sparsesim.trace.trace import TraceTensor
from sparsesim.trace.zero_points import other_zeros, zero_of, zero_points

_FLOAT_BITS = 8  # a float tensor is priced as if quantised to 8 bits


class Recorder:
    """Collects the bits of one run.

    Attributes:
        bits: packed words by key, of this run alone.
        weights: of constant weights by key, kept over runs.
        tensors: what the keys stand for.
        geometries: layer name -> its lowering.
        weight_groups: layer name -> as `TraceLayer` has it, of constant weights.
        sizes: tensor name -> (elements, value bits), of every tensor seen.
        values: operands by key, where asked for.
        watch: looks for values that are no numbers or are clipped.
    """

    def __init__(self, graph: Graph, leaving: Mapping[str, str], keep_values: bool) -> None:
        self.graph, self.keep_values = graph, keep_values
        self.leaving = set(leaving.values())
        self.zeros = zero_points(graph)
        self.other_zeros = other_zeros(graph, self.zeros)
        self.weights: dict[str, np.ndarray] = {}
        self.tensors: dict[str, TraceTensor] = {}
        self.geometries: dict[str, Geometry] = {}
        self.weight_groups: dict[str, tuple[int, ...]] = {}
        self.watch = Watch(graph)
        self.start()

    def start(self) -> None:
        """Begin a new run."""
        self.bits: dict[str, np.ndarray] = {}
        self.values: dict[str, np.ndarray] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.watch.start()

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        """Pack the operands and the output of a layer that has run."""
        layer = runner.layer
        x, w, y = tensors[layer.activation], tensors[layer.weight], tensors[layer.output]
        geometry = self._geometry(layer, runner.geometry(x.shape, w.shape))
        key = self.activation_key(layer)
        if key not in self.bits:
            zero = zero_of(layer.activation_zero, tensors, x.dtype)
            if layer.is_recurrent and layer.activation_zero:  # every step's own
                zero = tensors[layer.activation_zero]
            words = pack_activation(runner, x, w.shape, zero)
            self._keep(key, words, layer.activation, x, zero, geometry.activation_elements)
        key = weight_key(layer)
        zeros = tensors[layer.weight_zero] if layer.weight_zero else w.dtype.type(0)
        if layer.weight in self.graph.constants:
            if key not in self.weights:
                self.weights[key] = pack_weight(runner, tensors, x.shape)
                self.weight_groups[layer.name] = stored_groups(runner, w.shape, x.shape)
                elements, listed = geometry.weight_elements, self._listed(layer.weight)
                self.tensors[key] = _describe(w, zeros, elements, listed, constant=True)
        elif key not in self.bits:
            words = pack_weight(runner, tensors, x.shape)
            self._keep(key, words, layer.weight, w, zeros, geometry.weight_elements)
        key = output_key(layer)
        if key not in self.bits:
            zero = self._written_zero(layer.output, tensors)
            self._keep(key, pack_output(layer, y, zero), layer.output, y, zero, y.size)
        for name in layer.makes:
            self.seen(name, tensors[name])
        self.watch.check(f"layer {layer.name}", y)
        self._leaving(layer.makes, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """Note what the host has made; pack what leaves a block."""
        for name in names:
            if isinstance(tensors[name], np.ndarray):
                self.seen(name, tensors[name])
        self._leaving(names, tensors)

    def _leaving(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        for name in names:
            if name in self.leaving:
                y = tensors[name]
                zero = self._written_zero(name, tensors)
                self._keep(leaving_key(name), pack_in_order(y, zero), name, y, zero, y.size)

    def activation_key(self, layer: Layer) -> str:
        """The key of a layer's activation bits, once it has run."""
        other = self.other_zeros.get(layer.name, "")
        return activation_key(layer, self.geometries[layer.name], other)

    def seen(self, name: str, tensor: np.ndarray) -> None:
        """Note a tensor's size, and what of it is clipped."""
        self.sizes[name] = (tensor.size, self._listed(name) or value_width(tensor.dtype))
        self.watch.seen(name, tensor)

    def _geometry(self, layer: Layer, geometry: Geometry) -> Geometry:
        """A layer's lowering, which must be the same for every run."""
        if self.geometries.setdefault(layer.name, geometry) != geometry:
            raise ModelError(
                f"{self.graph.source}: {layer.name}: its operands change their shapes from image "
                "to image; a trace needs the same for all"
            )
        return geometry

    def _keep(
        self, key: str, words: np.ndarray, name: str, tensor: np.ndarray, zero, elements: int
    ) -> None:
        self.bits[key] = words
        if key not in self.tensors:
            self.tensors[key] = _describe(tensor, zero, elements, self._listed(name))
        if self.keep_values:
            self.values[key] = tensor

    def _written_zero(self, name: str, tensors: Mapping[str, np.ndarray]):
        return zero_of(self.zeros.get(name, ""), tensors, tensors[name].dtype)

    def _listed(self, name: str) -> int | None:
        return self.graph.value_bits.get(name)


def activation_key(layer: Layer, geometry: Geometry, other_zero: str = "") -> str:
    """The key of a layer's activation bits: a tensor in the order that the layer reads.

    Args:
        layer, geometry: the layer and its lowering.
        other_zero: in words, the zero by which it reads, where that is not the one by which the
            tensor is written: then its bits are others, too.
    """
    end = f"|{other_zero}" if other_zero else ""
    if layer.kind in ("conv", "conv_transpose"):
        return f"{layer.activation}|pixels{end}"
    # A batched product may repeat its operand, which another layer reads as it is.
    own = turned(layer, "activation") or geometry.groups > 1
    return f"{layer.activation}|{layer.name}" if own else f"{layer.activation}|rows{end}"


def weight_key(layer: Layer) -> str:
    """The key of a layer's weight bits."""
    return f"{layer.weight}|{layer.name}"


def output_key(layer: Layer) -> str:
    """The key of a layer's output bits: the key under which a like layer would read them."""
    if layer.kind in ("conv", "conv_transpose"):
        return f"{layer.output}|pixels"
    return f"{layer.output}|{layer.name}" if layer.weight_first else f"{layer.output}|rows"


def leaving_key(tensor: str) -> str:
    """The key of a tensor that leaves a block, in its own order."""
    return f"{tensor}|leaving"


def value_width(kind: np.dtype) -> int:
    """Bits at which a value of a type is priced: its own, or 8 for a float."""
    if kind.kind == "f":
        return _FLOAT_BITS
    return type_bits(kind)


def _describe(
    tensor: np.ndarray, zero, elements: int, listed: int | None, constant: bool = False
) -> TraceTensor:
    """A tensor; `listed` is its values' true width where it is stored wider than they are."""
    kind = tensor.dtype
    if kind.kind == "f":
        if listed:  # a scale times an integer of that width less a zero point of that width
            return TraceTensor(elements, listed, False, listed + 1)
        return TraceTensor(elements, _FLOAT_BITS, True, 0)
    bits = listed or value_width(kind)
    low, high = (0, 2**bits - 1)
    if "uint" not in str(kind):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if constant and tensor.size:  # its values are known: they may need less than their type
        low, high = int(tensor.min()), int(tensor.max())
    zeros = np.asarray(zero).astype(np.int64)
    reach = max(high - int(zeros.min()), int(zeros.max()) - low - 1, 0)
    return TraceTensor(elements, bits, False, reach.bit_length() + 1)
