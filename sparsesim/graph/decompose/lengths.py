"""Lengths of axes that are known only when the network runs, as tensors that Reshape takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsesim.graph.decompose.builder import Builder


class Lengths:
    """Shapes of tensors, each asked for once."""

    def __init__(self, b: Builder) -> None:
        self._b = b
        self._shapes: dict[str, str] = {}

    def of(self, tensor: str, axes: Sequence[int]) -> str:
        """The lengths of some axes, int64, one each."""
        return self._gathered(tensor, np.array(axes, np.int64))

    def scalar(self, tensor: str, axis: int) -> str:
        """The length of one axis, int64, without an axis of its own."""
        return self._gathered(tensor, np.array(axis, np.int64))

    def count(self, length: str) -> str:
        """0, 1, 2, ... up to a scalar length, int64."""
        b = self._b
        first, step = (b.value(np.array(number, np.int64), "count") for number in (0, 1))
        return b.add("Range", first, length, step, part="count")

    def product(self, tensor: str, axes: Sequence[int]) -> str:
        """The product of the lengths of some axes, int64, one number; 1 of none."""
        if not axes:
            return self.fixed(1)
        several = self.of(tensor, axes)
        if len(axes) == 1:
            return several
        return self._b.add("ReduceProd", several, part="length", keepdims=1)

    def fixed(self, *numbers: int) -> str:
        """Lengths that are known, or Reshape's 0 and -1."""
        return self._b.value(np.array(numbers, np.int64), "lengths")

    def joined(self, *parts: str) -> str:
        """Several of these, one behind the other."""
        return self._b.add("Concat", *parts, part="joined", axis=0) if len(parts) > 1 else parts[0]

    def _gathered(self, tensor: str, axes: np.ndarray) -> str:
        b = self._b
        if tensor not in self._shapes:
            self._shapes[tensor] = b.add("Shape", tensor, part="shape")
        return b.add("Gather", self._shapes[tensor], b.value(axes, "axes"), part="length", axis=0)
