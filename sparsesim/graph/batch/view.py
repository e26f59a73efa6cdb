"""One node as the rules see it: its operands' shapes and constants, and where the batch lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.batch.place import LostError, MixesError, Place, Sizes
from sparsesim.graph.layers import Shape


@dataclass(frozen=True, eq=False)
class View:
    """A node and what is known around it.

    Attributes:
        node: of the graph.
        opset: of ONNX.
        places: of the operands that hold a batch, by name.
        shapes, constants: of tensors.
    """

    node: onnx.NodeProto
    opset: int
    places: Mapping[str, Place]
    shapes: Mapping[str, Shape]
    constants: Mapping[str, np.ndarray]

    @property
    def placed(self) -> list[int]:
        """Which operands hold a batch."""
        return [i for i, name in enumerate(self.node.input) if name in self.places]

    def place(self, index: int) -> Place | None:
        """Where an operand holds a batch, if it does."""
        return self.places.get(self.name(index))

    def name(self, index: int) -> str:
        """An operand's; empty where there is none."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def shape(self, index: int) -> Sizes:
        """An operand's; LostError where it is not known."""
        return self._known(self.name(index))

    def made(self, index: int = 0) -> Sizes:
        """An output's shape; LostError where it is not known."""
        return self._known(self.node.output[index])

    def constant(self, index: int) -> np.ndarray | None:
        """An operand's values, where they are known."""
        return self.constants.get(self.name(index))

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                return helper.get_attribute_value(attribute)
        return default

    def axes(self, index: int, rank: int) -> tuple[int, ...] | None:
        """Axes given as an attribute or as an operand, from 0 up; None: none are given."""
        given = self.attribute("axes")
        if given is None and self.name(index):
            values = self.constant(index)
            if values is None:
                raise LostError("takes its axes from a computed list")
            given = values.reshape(-1).tolist()
        return None if given is None else tuple(int(axis) % rank for axis in given)

    def axis(self, default: int, rank: int, name: str = "axis") -> int:
        """The attribute `axis`, from 0 up."""
        return int(self.attribute(name, default)) % max(rank, 1)

    def data(self) -> Place:
        """The place of the first operand, which alone may hold a batch."""
        place = self.place(0)
        if place is None or self.placed != [0]:
            raise LostError("takes it as a parameter")
        return place

    def together(self, aligned: list[Place]) -> Place:
        """The one place of several operands; MixesError where they meet along other axes."""
        if any(place != aligned[0] for place in aligned):
            raise MixesError
        return aligned[0]

    def broadcast(self, indices: list[int] | None = None) -> Place:
        """The place behind operands that are combined element by element.

        Args:
            indices: of operands; None: all.
        """
        many = range(len(self.node.input)) if indices is None else indices
        used = [i for i in many if self.name(i)]
        rank = max(len(self.shape(i)) for i in used)
        aligned = []
        for i in used:
            place = self.place(i)
            if place is not None:
                aligned.append(place.along(place.axis + rank - len(self.shape(i))))
        place = self.together(aligned)
        for i in used:
            if self.place(i) is None:
                self.must_be_alike(i, place.axis - rank + len(self.shape(i)))
        return place

    def must_be_alike(self, index: int, axis: int) -> None:
        """LostError where an operand without a batch has other values along this axis."""
        shape = self.shape(index)
        if axis < 0 or shape[axis] == 1:
            return
        values = self.constant(index)
        if values is None:
            raise LostError("combines it with another tensor, item by item")
        if values.size and not np.array_equal(values, np.broadcast_to(
            values.take([0], axis), values.shape
        )):  # fmt: skip
            raise LostError("has constants of its own for each item")

    def _known(self, name: str) -> Sizes:
        shape = self.shapes.get(name)
        if shape is None:
            raise LostError("gives or takes a tensor of unknown shape")
        known = tuple(length for length in shape if length is not None)
        if len(known) != len(shape):
            raise LostError("gives or takes a tensor of unknown shape")
        return known
