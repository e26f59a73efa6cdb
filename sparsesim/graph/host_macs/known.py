"""What is known of the tensors around a node while its MACs are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.layers import Shape


class UnknownError(Exception):
    """A shape or a value that a count hangs on is not known."""


@dataclass(frozen=True)
class Known:
    """Shapes and values by tensor, as far as inference or execution tells.

    Attributes:
        shapes: of tensors; None for a length that is not known.
        values: of constants, and of short integer tensors where the model has run.
    """

    shapes: Mapping[str, Shape]
    values: Mapping[str, np.ndarray] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, ...]:
        """A shape without gaps.

        Raises:
            UnknownError: a length or the rank is not known.
        """
        shape = self.shapes.get(name, (None,))
        lengths = tuple(length for length in shape if length is not None)
        if len(lengths) != len(shape):
            raise UnknownError(name)
        return lengths

    def value(self, name: str) -> np.ndarray:
        """A value.

        Raises:
            UnknownError: it is not known.
        """
        if name not in self.values:
            raise UnknownError(name)
        return self.values[name]


def read(node: onnx.NodeProto, index: int) -> str:
    """The name of an input; empty where it is absent."""
    return node.input[index] if index < len(node.input) else ""


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """An attribute, or its default."""
    for entry in node.attribute:
        if entry.name == name:
            return helper.get_attribute_value(entry)
    return default
