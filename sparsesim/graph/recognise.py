"""Recognising MAC layers, and what is fused around each, in a folded graph.

A quantised layer is one whose operands come through DequantizeLinear from integers, or one of the
QLinear and Integer operators. A QuantizeLinear straight behind it (a ReLU or Clip between the two
that cannot change its result left out) makes one requantisation of the exact integer sum, as ONNX
Runtime computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim import elementwise
from sparsesim.graph.layers import Fused, Layer
from sparsesim.graph.reads import reads
from sparsesim.graph.recurrent import is_recurrent, recurrent_layers

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int4", "uint4")
_ENDS = ("", "_scale", "_zero")
KINDS = {
    "Conv": "conv",
    "ConvTranspose": "conv_transpose",
    "Gemm": "gemm",
    "MatMul": "matmul",
    "QLinearConv": "conv",
    "QLinearMatMul": "matmul",
    "ConvInteger": "conv",
    "MatMulInteger": "matmul",
}


class Recogniser:
    """One look over a graph. `reasons` tells why a MAC node was left on the host."""

    def __init__(
        self,
        graph: onnx.GraphProto,
        constants: Mapping[str, np.ndarray],
        types: Mapping[str, np.dtype],
    ) -> None:
        self.graph = graph
        self.constants = constants
        self.types = types
        self.reasons: dict[str, str] = {}
        self.outputs = {value.name for value in graph.output}
        self.producer = {name: node for node in graph.node for name in node.output if name}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in reads(node):
                self.consumers.setdefault(name, []).append(node)

    def layers(self) -> list[Layer]:
        """All layers, in the order of the graph's nodes."""
        found: list[Layer] = []
        for node in self.graph.node:
            if is_recurrent(node):
                found += self._recurrent(node)
            elif not node.domain and node.op_type in KINDS:
                layer = self._layer(node)
                found += [layer] if layer is not None else []
        return found

    def _recurrent(self, node: onnx.NodeProto) -> list[Layer]:
        tensors = {*self.constants, *self.types, *self.producer}
        taken = tensors | {other.name for other in self.graph.node}
        layers, reason = recurrent_layers(node, self.constants, self.types, taken)
        if reason:
            self.reasons[node.name] = reason
        return layers

    def _layer(self, node: onnx.NodeProto) -> Layer | None:
        fields = self._operands(node)
        reason = fields.pop("reason", None) or self._reject(node, fields)
        if reason:
            self.reasons[node.name] = reason
            return None
        attributes = tuple((a.name, helper.get_attribute_value(a)) for a in node.attribute)
        layer = {
            "name": node.name,
            "op": node.op_type,
            "kind": KINDS[node.op_type],
            "attributes": attributes,
            **fields,
        }
        return self._fuse_behind(layer, node)

    def _operands(self, node: onnx.NodeProto) -> dict[str, Any]:
        names = [*node.input, *[""] * 9]
        if node.op_type in ("QLinearConv", "QLinearMatMul"):
            keys = [f"{role}{end}" for role in ("activation", "weight") for end in _ENDS]
            keys += ["output_scale", "output_zero", "bias"]
            fields: dict[str, Any] = dict(zip(keys, names, strict=False))
            fields["bias_is_scaled"] = bool(fields["bias"])
            return self._turned(node, fields)
        if node.op_type in ("ConvInteger", "MatMulInteger"):
            keys = ["activation", "weight", "activation_zero", "weight_zero"]
            return self._turned(node, dict(zip(keys, names, strict=False)))
        fields = {"activation": names[0], "weight": names[1]}
        if node.op_type != "MatMul":
            fields["bias"] = names[2]
        return self._quantised(node, fields) or self._turned(node, fields)

    def _quantised(self, node: onnx.NodeProto, fields: dict[str, Any]) -> dict[str, Any] | None:
        """The integers behind the operands' DequantizeLinear nodes, where all of them fit."""
        activation = self._dequantised(fields["activation"], None)
        axis: int | None = {"matmul": -1, "conv_transpose": 1}.get(KINDS[node.op_type], 0)
        if node.op_type == "Gemm" and not _integer(node, "transB"):
            axis = 1
        if node.op_type == "ConvTranspose" and _integer(node, "group", 1) > 1:
            axis = None  # a scale would serve the same filter of every group
        weight = self._dequantised(fields["weight"], axis)
        if activation is None or weight is None or _alters(node):
            return None
        bias = fields.get("bias", "")
        scales = {"activation_scale": activation[1], "weight_scale": weight[1]}
        scaled = self._dequantised_bias(bias, scales)
        if bias and not scaled and not self._is_constant(bias):
            return None
        return self._turned(
            node,
            {
                "activation": activation[0],
                "activation_scale": activation[1],
                "activation_zero": activation[2],
                "weight": weight[0],
                "weight_scale": weight[1],
                "weight_zero": weight[2],
                "bias": scaled or bias,
                "bias_is_scaled": bool(scaled),
            },
        )

    def _dequantised(self, name: str, axis: int | None) -> tuple[str, str, str] | None:
        """Integers, scale and zero point of a dequantised tensor; axis: where channels may lie."""
        node = self.producer.get(name)
        if node is None or not _is_quantiser(node, "DequantizeLinear"):
            return None
        names = [*node.input, ""]
        scale = self.constants.get(names[1])
        kind = self.types.get(names[0])
        if scale is None or scale.dtype != np.float32 or str(kind) not in INTEGERS:
            return None
        if names[2] and names[2] not in self.constants:
            return None
        if scale.size > 1:
            own = _integer(node, "axis", 1)
            shape = self.constants[names[0]].shape if names[0] in self.constants else ()
            rank = len(shape)
            if axis is None or not rank or scale.ndim != 1 or _integer(node, "block_size"):
                return None
            if not -rank <= own < rank or own % rank != axis % rank:
                return None
            if shape[own] != scale.size:  # ONNX Runtime refuses it when it runs it
                return None
        zero = self.constants.get(names[2])
        if zero is not None and (zero.size != scale.size or zero.ndim > 1):
            return None
        return names[0], names[1], names[2]

    def _turned(self, node: onnx.NodeProto, fields: dict[str, Any]) -> dict[str, Any]:
        """Of a product: the constant operand is the weight, else the second."""
        if KINDS[node.op_type] not in ("matmul", "gemm"):
            return fields
        first_constant = fields["activation"] in self.constants
        if not first_constant or fields["weight"] in self.constants:
            return fields
        for end in _ENDS:
            a, w = f"activation{end}", f"weight{end}"
            fields[a], fields[w] = fields.get(w, ""), fields.get(a, "")
        fields["weight_first"] = True
        return fields

    def _reject(self, node: onnx.NodeProto, fields: dict[str, Any]) -> str:
        """Why a MAC node stays on the host, or nothing."""
        for role in ("activation", "weight"):
            kind = str(self.types.get(fields[role]))
            integer = bool(fields.get("activation_scale")) or node.op_type.endswith("Integer")
            allowed = INTEGERS if integer else FLOATS
            if kind not in allowed:
                return f"its {role} is of type {kind}; layers take {' '.join(allowed)}"
        if fields["activation"] in self.constants and fields["weight"] in self.constants:
            return "both operands are constant"
        for end in ("zero", "scale"):
            vector = self.constants.get(fields.get(f"activation_{end}", ""))
            if vector is not None and vector.size > 1:
                return "its activation has a scale or a zero point for each row"
        scale = self.constants.get(fields.get("weight_scale", ""))
        if scale is not None and scale.ndim > 1 and scale.size > 1:
            return "its weight has scales for each batch"
        return ""

    def _fuse_behind(self, layer: dict[str, Any], node: onnx.NodeProto) -> Layer:
        chain: list[Fused] = []
        nodes = [node.name]
        tensor = node.output[0]
        integer = bool(layer.get("activation_scale"))
        if node.op_type in ("ConvInteger", "MatMulInteger"):
            return Layer(**layer, output=tensor, nodes=tuple(nodes))
        if node.op_type in ("QLinearConv", "QLinearMatMul"):
            at_once = True
        else:
            at_once = False
            tensor = self._fuse_bias(layer, tensor, nodes)
            if integer:
                direct = self._requantisation(tensor)
                if direct is not None:
                    skipped, quantise = direct
                    nodes += [skip.name for skip in skipped] + [quantise.name]
                    layer["output_scale"] = quantise.input[1]
                    layer["output_zero"] = [*quantise.input, ""][2]
                    tensor, at_once = quantise.output[0], True
        is_float = not at_once
        while True:
            run = self._next(tensor, is_float)
            if not run:
                break
            chain += run
            nodes += [fused.node for fused in run]
            tensor = run[-1].tensor
            is_float = run[-1].op != "QuantizeLinear"
        return Layer(**layer, output=tensor, chain=tuple(chain), nodes=tuple(nodes))

    def _only_reader(self, tensor: str) -> onnx.NodeProto | None:
        readers = self.consumers.get(tensor, [])
        if len(readers) != 1 or tensor in self.outputs:
            return None
        if readers[0].domain and not _is_quantiser(readers[0]):
            return None
        return readers[0] if readers[0].input and readers[0].input[0] == tensor else None

    def _fuse_bias(self, layer: dict[str, Any], tensor: str, nodes: list[str]) -> str:
        """A constant vector added behind a MatMul is its bias."""
        if layer["kind"] != "matmul" or layer.get("weight_first") or tensor in self.outputs:
            return tensor
        readers = self.consumers.get(tensor, [])
        weight = self.constants.get(layer["weight"])
        if len(readers) != 1 or readers[0].op_type != "Add" or weight is None or weight.ndim != 2:
            return tensor
        name = next((name for name in readers[0].input if name != tensor), "")
        scaled = self._dequantised_bias(name, layer)
        bias = self.constants.get(scaled or name)
        if bias is None or bias.shape[-1:] != weight.shape[1:] or bias.size != weight.shape[1]:
            return tensor
        if bias.ndim > 2:  # it would raise the product's rank
            return tensor
        layer["bias"], layer["bias_is_scaled"] = scaled or name, bool(scaled)
        nodes.append(readers[0].name)
        return readers[0].output[0]

    def _is_constant(self, name: str) -> bool:
        """A constant, or one dequantised: graph/constants.py computes it."""
        node = self.producer.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return name in self.constants
        return all(read in self.constants for read in reads(node))

    def _dequantised_bias(self, name: str, layer: dict[str, Any]) -> str:
        """The int32 constant behind a dequantised bias in units of the operands' scales."""
        node = self.producer.get(name)
        if node is None or node.op_type != "DequantizeLinear" or not layer.get("activation_scale"):
            return ""
        names = [*node.input, ""]
        integers, scale = self.constants.get(names[0]), self.constants.get(names[1])
        zero = self.constants.get(names[2])
        if integers is None or integers.dtype != np.int32 or scale is None:
            return ""
        operands = [self.constants[layer[f"{role}_scale"]] for role in ("activation", "weight")]
        unit = operands[0].astype(np.float64) * operands[1].astype(np.float64)
        fits = scale.size in (1, unit.size) and np.allclose(scale, unit, rtol=1e-5, atol=0)
        return names[0] if fits and (zero is None or not zero.any()) else ""

    def _requantisation(self, tensor: str) -> tuple[list[onnx.NodeProto], onnx.NodeProto] | None:
        """A QuantizeLinear behind, with the activations between that it makes redundant."""
        skipped: list[onnx.NodeProto] = []
        while True:
            node = self._only_reader(tensor)
            if node is None:
                return None
            if node.op_type == "QuantizeLinear":
                break
            if node.op_type not in ("Relu", "Clip"):
                return None
            skipped.append(node)
            tensor = node.output[0]
        span = self._span(node)
        if span is None:
            return None
        low, high = span
        epsilon = float(np.finfo(np.float32).eps)
        for skip in skipped:
            bounds = (0.0, np.inf)
            if skip.op_type == "Clip":
                numbers = elementwise.find("Clip").numbers(skip, self.constants)
                if numbers is None:
                    return None
                bounds = numbers[0], numbers[1]
            if bounds[0] > low + epsilon or bounds[1] < high - epsilon:
                return None
        return skipped, node

    def _span(self, quantise: onnx.NodeProto) -> tuple[float, float] | None:
        """The least and greatest real value that a QuantizeLinear can give."""
        names = [*quantise.input, ""]
        scale, zero = self.constants.get(names[1]), self.constants.get(names[2])
        if scale is None or scale.size != 1 or (names[2] and zero is None):
            return None
        if scale.dtype != np.float32:
            return None
        kind = zero.dtype if zero is not None else np.dtype("uint8")
        if str(kind) not in ("int8", "uint8", "int16", "uint16"):
            return None
        offset = int(zero.reshape(-1)[0]) if zero is not None else 0
        info = np.iinfo(kind)
        step = float(scale.reshape(-1)[0])
        return (info.min - offset) * step, (info.max - offset) * step

    def _next(self, tensor: str, is_float: bool) -> list[Fused]:
        """The next fused operators: one, or a detour through floats that ends in integers."""
        node = self._only_reader(tensor)
        if node is None:
            return []
        if is_float:
            fused = self._fused(node)
            return [fused] if fused else []
        if node.op_type != "DequantizeLinear" or self._span(node) is None:
            return []
        run = [_quantiser(node)]
        while True:
            node = self._only_reader(run[-1].tensor)
            fused = self._fused(node) if node is not None else None
            if fused is None:
                return []
            run.append(fused)
            if fused.op == "QuantizeLinear":
                return run

    def _fused(self, node: onnx.NodeProto) -> Fused | None:
        if node.op_type == "QuantizeLinear":
            return _quantiser(node) if self._span(node) is not None else None
        if node.op_type not in elementwise.MODULES:
            return None
        numbers = elementwise.find(node.op_type).numbers(node, self.constants)
        if numbers is None:
            return None
        return Fused(node.op_type, node.name, node.output[0], tuple(numbers))


def _is_quantiser(node: onnx.NodeProto, *ops: str) -> bool:
    """One of ONNX's quantisers, or of com.microsoft's of the same names and meaning."""
    known = ops or ("QuantizeLinear", "DequantizeLinear")
    return node.op_type in known and node.domain in ("", "com.microsoft")


def _quantiser(node: onnx.NodeProto) -> Fused:
    names = [*node.input, ""]
    return Fused(node.op_type, node.name, node.output[0], scale=names[1], zero=names[2])


def _integer(node: onnx.NodeProto, name: str, default: int = 0) -> int:
    return next((a.i for a in node.attribute if a.name == name), default)


def _alters(node: onnx.NodeProto) -> bool:
    """A Gemm that scales its operands is no plain product of integers."""
    factors = {a.name: a.f for a in node.attribute if a.name in ("alpha", "beta")}
    return any(value != 1.0 for value in factors.values()) or bool(_integer(node, "transA"))
