"""Recording a run: packs each operand once while it is in cache.

An observer of the engine; it changes nothing that flows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.errors import ModelError
from sparsesim.graph import Graph, HostStep, Layer
from sparsesim.lowering import Geometry
from sparsesim.trace.operands import (
    pack_activation,
    pack_in_order,
    pack_output,
    pack_weight,
    turned,
)
from sparsesim.trace.trace import TraceTensor

_FLOAT_BITS = 8  # a float tensor is priced as if quantised to 8 bits


class Recorder:
    """Collects the bits of one run.

    Attributes:
        bits: packed words by key, of this run alone.
        weights: of constant weights by key, kept over runs.
        tensors: what the keys stand for.
        geometries: layer name -> its lowering.
        sizes: tensor name -> (elements, value bits), of every tensor seen.
        values: operands by key, where asked for.
    """

    def __init__(self, graph: Graph, leaving: Mapping[str, str], keep_values: bool) -> None:
        self.graph, self.keep_values = graph, keep_values
        self.leaving = set(leaving.values())
        self.zeros = zero_points(graph)
        self.weights: dict[str, np.ndarray] = {}
        self.tensors: dict[str, TraceTensor] = {}
        self.geometries: dict[str, Geometry] = {}
        self.start()

    def start(self) -> None:
        """Begin a new run."""
        self.bits: dict[str, np.ndarray] = {}
        self.values: dict[str, np.ndarray] = {}
        self.sizes: dict[str, tuple[int, int]] = {}

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        """Pack the operands and the output of a layer that has run."""
        layer = runner.layer
        x, w, y = tensors[layer.activation], tensors[layer.weight], tensors[layer.output]
        geometry = self._geometry(layer, runner.geometry(x.shape, w.shape))
        key = activation_key(layer, geometry)
        zero = self._zero(layer.activation, layer.activation_zero, x, tensors)
        if key not in self.bits:
            words = pack_activation(runner, x, w.shape, zero)
            self._keep(key, words, x, zero, geometry.activation_elements)
        key = weight_key(layer)
        zeros = tensors[layer.weight_zero] if layer.weight_zero else w.dtype.type(0)
        if layer.weight in self.graph.constants:
            if key not in self.weights:
                self.weights[key] = pack_weight(runner, tensors, x.shape)
                self.tensors[key] = _describe(w, zeros, geometry.weight_elements, constant=True)
        elif key not in self.bits:
            words = pack_weight(runner, tensors, x.shape)
            self._keep(key, words, w, zeros, geometry.weight_elements)
        key = output_key(layer)
        if key not in self.bits:
            zero = self._zero(layer.output, "", y, tensors)
            self._keep(key, pack_output(layer, y, zero), y, zero, y.size)
        self.seen(layer.output, y)
        self._leaving((layer.output,), tensors)

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
                zero = self._zero(name, "", y, tensors)
                self._keep(leaving_key(name), pack_in_order(y, zero), y, zero, y.size)

    def seen(self, name: str, tensor: np.ndarray) -> None:
        """Note a tensor's size."""
        self.sizes[name] = (tensor.size, value_width(tensor.dtype))

    def _geometry(self, layer: Layer, geometry: Geometry) -> Geometry:
        """A layer's lowering, which must be the same for every run."""
        if self.geometries.setdefault(layer.name, geometry) != geometry:
            raise ModelError(
                f"{self.graph.source}: {layer.name}: its operands change their shapes from image "
                "to image; a trace needs the same for all"
            )
        return geometry

    def _keep(self, key: str, words: np.ndarray, tensor: np.ndarray, zero, elements: int) -> None:
        self.bits[key] = words
        if key not in self.tensors:
            self.tensors[key] = _describe(tensor, zero, elements)
        if self.keep_values:
            self.values[key] = tensor

    def _zero(self, name: str, known: str, tensor: np.ndarray, tensors):
        zero = known or self.zeros.get(name, "")
        return tensors[zero].reshape(-1)[0] if zero else tensor.dtype.type(0)


def activation_key(layer: Layer, geometry: Geometry) -> str:
    """The key of a layer's activation bits: a tensor in the order that the layer reads."""
    if layer.kind in ("conv", "conv_transpose"):
        return f"{layer.activation}|pixels"
    # A batched product may repeat its operand, which another layer reads as it is.
    own = turned(layer, "activation") or geometry.groups > 1
    return f"{layer.activation}|{layer.name}" if own else f"{layer.activation}|rows"


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


def zero_points(graph: Graph) -> dict[str, str]:
    """Tensor -> the zero point's tensor, for every quantised tensor whose maker tells."""
    zeros: dict[str, str] = {}
    for node in graph.model.graph.node:
        names = [*node.input, ""]
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(names) > 3:
            quantised = node.output[0] if node.op_type == "QuantizeLinear" else names[0]
            if graph.constants.get(names[2], np.zeros(2)).size == 1:
                zeros[quantised] = names[2]
        if node.op_type in ("QLinearConv", "QLinearMatMul"):
            zeros[node.output[0]] = names[7]
    for step in graph.steps:
        if not isinstance(step, HostStep) and step.activation_zero:
            zeros[step.activation] = step.activation_zero
    return zeros


def value_width(kind: np.dtype) -> int:
    """Bits at which a value of a type is priced: its own, or 8 for a float."""
    if kind.kind == "f":
        return _FLOAT_BITS
    return 4 if str(kind).endswith("int4") else kind.itemsize * 8


def _describe(tensor: np.ndarray, zero, elements: int, constant: bool = False) -> TraceTensor:
    kind = tensor.dtype
    if kind.kind == "f":
        return TraceTensor(elements, _FLOAT_BITS, True, 0)
    bits = value_width(kind)
    low, high = (0, 2**bits - 1)
    if "uint" not in str(kind):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if constant and tensor.size:  # its values are known: they may need less than their type
        low, high = int(tensor.min()), int(tensor.max())
    zeros = np.asarray(zero).astype(np.int64)
    reach = max(high - int(zeros.min()), int(zeros.max()) - low - 1, 0)
    return TraceTensor(elements, bits, False, reach.bit_length() + 1)
