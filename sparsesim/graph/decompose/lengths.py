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
        b = self._b
        if tensor not in self._shapes:
            self._shapes[tensor] = b.add("Shape", tensor, part="shape")
        index = b.value(np.array(axes, np.int64), "axes")
        return b.add("Gather", self._shapes[tensor], index, part="lengths", axis=0)

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
        return self._b.add("Concat", *parts, part="shape", axis=0) if len(parts) > 1 else parts[0]
