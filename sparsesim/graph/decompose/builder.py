"""What a decomposition may ask of the node and the model around it, and where it puts its nodes.

Lengths of a batch are not among the answers: they may be free, and count as 1 where they are.
Reshape's 0 and -1 and Shape nodes say what is needed of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.layers import Shape


class Uncovered(Exception):
    """The node has a form that its decomposition does not cover; the text says which."""


@dataclass(frozen=True)
class Facts:
    """What is known of a model.

    Attributes:
        constants: values by name.
        shapes, types: of tensors, as far as inference knows.
        opset: of ONNX's own domain.
    """

    constants: Mapping[str, np.ndarray]
    shapes: Mapping[str, Shape]
    types: Mapping[str, np.dtype]
    opset: int


class Builder:
    """Collects the nodes and constants that one node becomes."""

    def __init__(self, node: onnx.NodeProto, facts: Facts, taken: set[str]) -> None:
        """`taken`: names of nodes and tensors that exist; those made are added to it."""
        self.node, self.facts = node, facts
        self.nodes: list[onnx.NodeProto] = []
        self.values: dict[str, np.ndarray] = {}
        self.value_bits: dict[str, int] = {}
        self._taken = taken

    def input(self, index: int) -> str:
        """The name of an input, empty where the node has none there."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def output(self, index: int = 0) -> str:
        """The name of an output, empty where the node gives none there."""
        return self.node.output[index] if index < len(self.node.output) else ""

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer attribute."""
        return self._attribute(name, onnx.AttributeProto.INT, default)

    def number(self, name: str, default: float | None = None) -> float:
        """A float attribute."""
        return self._attribute(name, onnx.AttributeProto.FLOAT, default)

    def numbers(self, name: str) -> list[float]:
        """An attribute of floats, empty where it is absent."""
        return list(self._attribute(name, onnx.AttributeProto.FLOATS, []))

    def integers(self, name: str) -> list[int]:
        """An attribute of integers, empty where it is absent."""
        return list(self._attribute(name, onnx.AttributeProto.INTS, []))

    def text(self, name: str, default: str | None = None) -> str:
        """A string attribute."""
        value = self._attribute(name, onnx.AttributeProto.STRING, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def has(self, name: str) -> bool:
        """Whether the node has that attribute."""
        return any(entry.name == name for entry in self.node.attribute)

    def kept(self, *names: str) -> dict[str, Any]:
        """Those attributes of the node, as they are, that it has."""
        return {
            entry.name: helper.get_attribute_value(entry)
            for entry in self.node.attribute
            if entry.name in names
        }

    def constant(self, name: str) -> np.ndarray | None:
        """A tensor's value where it is constant."""
        return self.values.get(name, self.facts.constants.get(name))

    def known(self, name: str) -> np.ndarray:
        """A constant tensor's value; Uncovered where it is computed."""
        value = self.constant(name)
        if value is None:
            raise Uncovered(f"'{name}' is no constant")
        return value

    def kind(self, name: str) -> np.dtype:
        """A tensor's type; Uncovered where it is unknown."""
        if name in self.values:
            return self.values[name].dtype
        if name not in self.facts.types:
            raise Uncovered(f"the type of '{name}' is unknown")
        return np.dtype(self.facts.types[name])

    def rank(self, name: str) -> int:
        """A tensor's number of axes; Uncovered where it is unknown."""
        if name in self.values:
            return self.values[name].ndim
        if name not in self.facts.shapes:
            raise Uncovered(f"the number of axes of '{name}' is unknown")
        return len(self.facts.shapes[name])

    def length(self, name: str, axis: int) -> int | None:
        """The length of an axis that is no batch; None where it is free or unknown."""
        if name in self.values:
            return self.values[name].shape[axis]
        shape = self.facts.shapes.get(name, ())
        return shape[axis] if -len(shape) <= axis < len(shape) else None

    def needs_opset(self, least: int, what: str) -> None:
        """Uncovered in a model of an older opset."""
        if self.facts.opset < least:
            raise Uncovered(f"{what} needs opset {least}; the model has {self.facts.opset}")

    def add(
        self, op: str, *inputs: str, part: str = "", output: str = "", **attributes: Any
    ) -> str:
        """Add a node of ONNX's domain.

        Args:
            op: the operator.
            inputs: names; empty ones are absent.
            part: the node is named NODE/PART; NODE where it is empty.
            output: the tensor it gives; a new name where it is empty.
            attributes: of the node.
        Returns:
            the name of what it gives.
        """
        return self.add_several(op, *inputs, part=part, outputs=[output], **attributes)[0]

    def add_several(
        self, op: str, *inputs: str, part: str, outputs: Sequence[str], **attributes: Any
    ) -> list[str]:
        """Add a node of several outputs, as `add` does; empty names in `outputs` are new ones."""
        own = self.node.name
        name = self._unused(f"{own}/{part}") if part else own
        made = [
            output or self._unused(f"{name}:{index}" if part else f"{name}:product")
            for index, output in enumerate(outputs)
        ]
        words = list(inputs)
        while words and not words[-1]:
            words.pop()
        self.nodes.append(helper.make_node(op, words, made, name=name, **attributes))
        return made

    def value(self, array: np.ndarray, part: str, bits: int | None = None) -> str:
        """Add a constant.

        Args:
            array: its value.
            part: it is named NODE/PART.
            bits: the true width of a value, where the type is wider.
        Returns:
            its name.
        """
        name = self._unused(f"{self.node.name}/{part}")
        self.values[name] = array
        if bits is not None:
            self.value_bits[name] = bits
        return name

    def _unused(self, name: str) -> str:
        unused, number = name, 2
        while unused in self._taken:
            unused, number = f"{name}{number}", number + 1
        self._taken.add(unused)
        return unused

    def _attribute(self, name: str, kind: int, default: Any) -> Any:
        for entry in self.node.attribute:
            if entry.name == name:
                if entry.type != kind:
                    raise Uncovered(f"its attribute '{name}' is of another type than it should be")
                return helper.get_attribute_value(entry)
        if default is None:
            raise Uncovered(f"its attribute '{name}' is missing")
        return default
