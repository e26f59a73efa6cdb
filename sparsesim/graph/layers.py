"""The values that loading gives: `Graph`, its `Layer`s and the steps that run it.

A graph holds nodes, weights and shapes; it knows no values that flow and no hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Fused:
    """One operator that is applied behind a MAC layer.

    Attributes:
        op: ONNX operator: an element-wise one, QuantizeLinear or DequantizeLinear.
        node: its node's name.
        numbers: parameters of an element-wise operator.
        scale, zero: names of the quantiser's tensors.
        tensor: the name of what it gives.
    """

    op: str
    node: str
    tensor: str
    numbers: tuple[float, ...] = ()
    scale: str = ""
    zero: str = ""


@dataclass(frozen=True)
class Layer:
    """A MAC layer with all that is fused around it. Empty names stand for absent tensors.

    Attributes:
        name: its node in the model as loaded.
        op: ONNX operator of that node.
        kind: `conv`, `conv_transpose`, `gemm`, `matmul`, `recurrent_input` or `recurrent`: how it
            is computed.
        activation, weight: the operand tensors; of a quantised layer the integers.
        weight_first: the weight is the first operand of the node (only of a MatMul).
        activation_scale, activation_zero, weight_scale, weight_zero: names of quantisation tensors.
        bias: float, or int32 where the operands are quantised.
        bias_is_scaled: an int32 bias in units of activation scale x weight scale.
        output_scale, output_zero: the sum is requantised to these at once.
        attributes: of the node.
        chain: what is fused behind, in order.
        output: the tensor behind the chain.
        nodes: names of all nodes that it stands for, its own first.
        inputs: what a recurrent layer reads beside its weight, as graph/recurrent.py orders it;
            its operands it may make itself.
        others: what a recurrent layer gives beside `output`; of these the last leaves its node.
        results: outputs of its node in their order.
    """

    name: str
    op: str
    kind: str
    activation: str
    weight: str
    output: str
    weight_first: bool = False
    activation_scale: str = ""
    activation_zero: str = ""
    weight_scale: str = ""
    weight_zero: str = ""
    bias: str = ""
    bias_is_scaled: bool = False
    output_scale: str = ""
    output_zero: str = ""
    attributes: tuple[tuple[str, Any], ...] = ()
    chain: tuple[Fused, ...] = ()
    nodes: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    @property
    def is_recurrent(self) -> bool:
        """It is one of the two products of a recurrent node."""
        return self.kind in ("recurrent_input", "recurrent")

    @property
    def leaving(self) -> str:
        """The tensor that other nodes read of it."""
        return self.others[-1] if self.kind == "recurrent" else self.output

    @property
    def is_integer(self) -> bool:
        """The operands are integers (quantised, or the *Integer operators)."""
        return bool(self.activation_scale) or self.op.endswith("Integer")

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute of the node, or its default."""
        return dict(self.attributes).get(name, default)

    @property
    def makes(self) -> tuple[str, ...]:
        """Every tensor that it gives."""
        return (self.output, *self.others)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every tensor that it reads."""
        names = [
            self.activation,
            self.weight,
            self.activation_scale,
            self.activation_zero,
            self.weight_scale,
            self.weight_zero,
            self.bias,
            self.output_scale,
            self.output_zero,
            *self.inputs,
        ]
        for fused in self.chain:
            names += [fused.scale, fused.zero]
        made = self.makes
        return tuple(dict.fromkeys(name for name in names if name and name not in made))


@dataclass(frozen=True)
class HostStep:
    """A maximal subgraph of other operators, run by ONNX Runtime.

    Attributes:
        nodes: indices into the model's nodes, in order.
        inputs, outputs: tensors that come in and go out; constants are not listed.
    """

    nodes: tuple[int, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def makes(self) -> tuple[str, ...]:
        """Every tensor that it gives."""
        return self.outputs

    @property
    def reads(self) -> tuple[str, ...]:
        """Every tensor that it reads, constants not listed."""
        return self.inputs


@dataclass(frozen=True)
class Graph:
    """A loaded model.

    Attributes:
        model: the folded model without initialisers.
        constants: its initialisers by name.
        layers: MAC layers in execution order.
        steps: layers and host steps in execution order.
        reasons: for each node on the host that could have been a layer, why it is not.
        shapes, types: of tensors, as far as inference knows; a free batch is 1.
        source: the path as given; sha256: of the file.
        rewrites: what was done to the model since it was loaded, in words; empty: nothing.
        original: the model as loaded: its file, or its bytes.
        fixed: inputs of that which became constants.
        custom_ops: libraries of operators that ONNX Runtime runs it with.
        value_bits: true width of values by tensor, of those stored wider than they are
            (`sparsesim.graph.widths`).
        loaded: the graph as loaded, where this one was rewritten; else None.
        defaults: of a graph as loaded, inputs that the file has values for, which they keep.
    """

    model: onnx.ModelProto
    constants: Mapping[str, np.ndarray]
    layers: tuple[Layer, ...]
    steps: tuple[Layer | HostStep, ...]
    reasons: Mapping[str, str]
    shapes: Mapping[str, Shape]
    types: Mapping[str, np.dtype]
    source: str
    sha256: str
    rewrites: tuple[str, ...] = ()
    original: str | bytes = ""
    fixed: Mapping[str, np.ndarray] = field(default_factory=dict)
    custom_ops: tuple[str, ...] = ()
    value_bits: Mapping[str, int] = field(default_factory=dict)
    loaded: Graph | None = None
    defaults: tuple[str, ...] = ()

    @property
    def as_loaded(self) -> Graph:
        """The graph before any rewriting: this one, where there was none."""
        return self.loaded or self

    @property
    def inputs(self) -> tuple[onnx.ValueInfoProto, ...]:
        """The tensors that a run is fed with."""
        return tuple(self.model.graph.input)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's outputs."""
        return tuple(output.name for output in self.model.graph.output)

    def layer(self, name: str) -> Layer:
        """The layer of that name; ModelError with near misses where there is none."""
        from sparsesim.errors import ModelError, nearest

        for layer in self.layers:
            if layer.name == name:
                return layer
        hint = nearest(name, [layer.name for layer in self.layers])
        raise ModelError(f"{self.source}: no layer '{name}'; {hint}")

    def weight(self, layer: Layer) -> np.ndarray | None:
        """A layer's constant weight as stored, or None where it is computed."""
        return self.constants.get(layer.weight)
