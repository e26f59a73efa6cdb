"""Dequantising behind operators that only move values, so that a layer finds its integers.

A DequantizeLinear in front of Reshape, Transpose, Concat and the like gives the same numbers
behind them: (q - zero) * scale does not depend on where q stands. Only what ends in a product is
moved. A scale for each channel stays with its axis, which a constant's shape tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.decompose.builder import Facts
from sparsesim.graph.decompose.moved_constant import moved_constant
from sparsesim.graph.names import unused

_EIGHT = ("int8", "uint8")
_SIXTEEN = (*_EIGHT, "int16", "uint16")
# Operator -> integers that ONNX Runtime moves with it.
_MOVES = {
    "Concat": _SIXTEEN,
    "DepthToSpace": _EIGHT,
    "Dropout": _SIXTEEN,
    "Expand": _SIXTEEN,
    "Flatten": _SIXTEEN,
    "Gather": _SIXTEEN,
    "GatherElements": _SIXTEEN,
    "GatherND": _SIXTEEN,
    "Identity": _SIXTEEN,
    "MaxPool": _EIGHT,
    "Pad": _EIGHT,
    "Reshape": _SIXTEEN,
    "Slice": _SIXTEEN,
    "SpaceToDepth": _EIGHT,
    "Split": _SIXTEEN,
    "Squeeze": _SIXTEEN,
    "Tile": _SIXTEEN,
    "Transpose": _SIXTEEN,
    "Unsqueeze": _SIXTEEN,
}
_PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_DOMAINS = ("", "com.microsoft")
_PADS_BY_INPUT, _POOLS_INTEGERS = 11, 12


@dataclass(frozen=True)
class _Form:
    """A dequantised tensor: the integers, and the node that dequantises them."""

    integers: str
    kind: str
    node: onnx.NodeProto
    axis: int | None = None  # of a constant with a scale for each channel


def may_move(nodes: list[onnx.NodeProto]) -> bool:
    """Whether there is anything to look at: most models have nothing."""
    dequantised = {node.output[0] for node in nodes if node.op_type == "DequantizeLinear"}
    wanted = _wanted(nodes) if dequantised else set()
    return any(
        node.op_type in _MOVES
        and dequantised.intersection(node.input)
        and wanted.intersection(node.output)
        for node in nodes
    )


class Movement:
    """Moves DequantizeLinear nodes of one graph."""

    def __init__(self, nodes: list[onnx.NodeProto], facts: Facts, taken: set[str]) -> None:
        """`taken`: names that exist; those made are added to it."""
        self.facts, self._taken = facts, taken
        self._before = nodes
        self._forms: dict[str, _Form] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.values: dict[str, np.ndarray] = {}
        self.has_moved = False

    def move(self) -> None:
        """Fill `nodes` and `values`: constants that were made."""
        wanted = _wanted(self._before)
        for node in self._before:
            if node.op_type == "DequantizeLinear" and node.domain in _DOMAINS:
                self._remember(node)
            elif wanted.intersection(node.output) and self._is_moved(node):
                self.has_moved = True
                continue
            self.nodes.append(node)

    def _remember(self, node: onnx.NodeProto) -> None:
        names = [*node.input, "", ""]
        scale, zero = self._constant(names[1]), self._constant(names[2])
        if scale is None or (names[2] and zero is None):
            return
        attributes = {entry.name: entry.i for entry in node.attribute}
        constant = self._constant(names[0])
        axis = None
        if scale.size > 1:
            if constant is None or attributes.get("block_size") or scale.ndim != 1:
                return
            axis = attributes.get("axis", 1) % max(constant.ndim, 1)
        kind = constant.dtype if constant is not None else self.facts.types.get(names[0])
        if kind is not None:
            self._forms[node.output[0]] = _Form(names[0], str(kind), node, axis)

    def _constant(self, name: str) -> np.ndarray | None:
        return self.values.get(name, self.facts.constants.get(name))

    def _is_moved(self, node: onnx.NodeProto) -> bool:
        if node.op_type not in _MOVES or node.domain:
            return False
        forms = [self._forms.get(name) for name in node.input]
        form = forms[0] if forms else None
        if form is None:
            return False
        constant = self._constant(form.integers)
        if constant is not None:
            made = moved_constant(node, constant, form.axis, self._constant)
            if made is not None:
                name = unused(f"{form.integers}/{node.op_type.lower()}", self._taken)
                self.values[name] = made[0]
                self._dequantise(node, replace(form, integers=name, axis=made[1]), 0)
                return True
        if form.axis is not None or form.kind not in _MOVES[node.op_type]:
            return False
        inputs = self._inputs(node, form, forms)
        if inputs is None:
            return False
        moved = onnx.NodeProto()
        moved.CopyFrom(node)
        if node.op_type == "Dropout":
            moved.op_type = "Identity"
            del moved.attribute[:]
        del moved.input[:], moved.output[:]
        moved.input.extend(inputs)
        moved.output.extend(
            unused(f"{name}/integers", self._taken) if name else "" for name in node.output
        )
        self.nodes.append(moved)
        for index, name in enumerate(moved.output):
            if name:
                self._dequantise(node, replace(form, integers=name), index)
        return True

    def _inputs(self, node, form: _Form, forms: list[_Form | None]) -> list[str] | None:
        """What the node reads where it moves integers, or None where it would not be the same."""
        rest = list(node.input[1:])
        if node.op_type == "Concat":
            if not all(other is not None and self._equal(form, other) for other in forms):
                return None
            return [other.integers for other in forms if other is not None]
        if node.op_type == "Pad":
            mode = next((entry.s for entry in node.attribute if entry.name == "mode"), b"constant")
            if self.facts.opset < _PADS_BY_INPUT or not rest:
                return None
            if mode == b"constant":
                value = self._constant(rest[1]) if len(rest) > 1 and rest[1] else np.zeros(1)
                if value is None or value.size != 1 or value.reshape(-1)[0] != 0:
                    return None
                zero = self._zero(form).astype(form.kind).reshape(())
                name = unused(f"{node.name}/zero", self._taken)
                self.values[name] = zero
                return [form.integers, rest[0], name, *rest[2:]]
        if node.op_type == "MaxPool":
            scale = self.facts.constants[form.node.input[1]]
            if self.facts.opset < _POOLS_INTEGERS or len(node.output) > 1 or not scale > 0:
                return None
        if node.op_type == "Dropout":
            training = self._constant(rest[1]) if len(rest) > 1 and rest[1] else np.zeros(1)
            if training is None or training.any() or any(node.output[1:]):
                return None
            rest = []
        return [form.integers, *rest]

    def _zero(self, form: _Form) -> np.ndarray:
        name = [*form.node.input, "", ""][2]
        zero = self._constant(name)
        return np.zeros(1, form.kind) if zero is None else zero

    def _equal(self, one: _Form, other: _Form) -> bool:
        """Whether two tensors are quantised alike, one scale each."""
        scales = [self.facts.constants[form.node.input[1]].reshape(-1) for form in (one, other)]
        zeros = [self._zero(form).reshape(-1) for form in (one, other)]
        return (
            one.kind == other.kind
            and other.axis is None
            and scales[0].dtype == scales[1].dtype
            and np.array_equal(scales[0], scales[1])
            and np.array_equal(zeros[0], zeros[1])
        )

    def _dequantise(self, node: onnx.NodeProto, form: _Form, index: int) -> None:
        """Behind a moved node: the DequantizeLinear that gives what the node gave."""
        behind = onnx.NodeProto()
        behind.CopyFrom(form.node)
        behind.name = unused(f"{node.name}/dequantised", self._taken)
        behind.input[0], behind.output[0] = form.integers, node.output[index]
        if form.axis is not None:
            kept = [entry for entry in behind.attribute if entry.name != "axis"]
            del behind.attribute[:]
            behind.attribute.extend([*kept, helper.make_attribute("axis", form.axis)])
        self.nodes.append(behind)
        self._forms[node.output[index]] = replace(form, node=behind)


def _wanted(nodes: list[onnx.NodeProto]) -> set[str]:
    """Operands of products, and what is moved to become one."""
    wanted: set[str] = set()
    for node in reversed(nodes):
        if node.domain:
            continue
        if node.op_type in _PRODUCTS:
            wanted.update(node.input[:2])
        elif node.op_type in _MOVES and wanted.intersection(node.output):
            wanted.update(node.input if node.op_type == "Concat" else node.input[:1])
    return wanted
