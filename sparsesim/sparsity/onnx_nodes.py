"""What a function's `as_onnx` builds with: nodes one after another, behind one tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import helper

from sparsesim.errors import SpecError

_AXES_ARE_AN_INPUT = 18  # of ReduceMax, from this opset on


class OnnxNodes:
    """Nodes that are added one by one, and their constants.

    Args:
        name: what new nodes and tensors are called by.
        dtype: of the tensor: float16, float32 or float64.
        rank: of the tensor; None where inference doesn't know it.
        opset: of the model.
        fresh: gives a name like the one it takes that nothing else has.
    """

    def __init__(
        self,
        name: str,
        dtype: DTypeLike,
        rank: int | None,
        opset: int,
        fresh: Callable[[str], str] = str,
    ) -> None:
        self.name, self.rank, self.opset = name, rank, opset
        self.dtype = np.dtype(dtype)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._fresh = fresh
        self._narrow = self.dtype

    def add(self, op: str, *inputs: str, attributes: Mapping[str, Any] | None = None) -> str:
        """Add a node; the name of what it makes."""
        name = self._fresh(f"{self.name}:{op}")
        made = self._fresh(f"{name}:out")
        self.nodes.append(helper.make_node(op, list(inputs), [made], name, **(attributes or {})))
        return made

    def number(self, value: float) -> str:
        """A constant of the tensor's type, shape ()."""
        return self.constant(np.array(value, self.dtype))

    def constant(self, value: NDArray[Any]) -> str:
        """A constant."""
        name = self._fresh(f"{self.name}:constant")
        self.constants[name] = value
        return name

    def largest(self, tensor: str) -> str:
        """The largest element of each image: over all axes but the first, which counts images.

        A tensor of one axis or none is one image.
        """
        if self.rank is None:
            raise SpecError("the rank of the layer's output is not known, so neither is an image")
        axes = list(range(1, self.rank)) if self.rank > 1 else list(range(self.rank))
        if self.opset >= _AXES_ARE_AN_INPUT:
            given = self.constant(np.array(axes, np.int64))
            return self.add("ReduceMax", tensor, given, attributes={"keepdims": 1})
        return self.add("ReduceMax", tensor, attributes={"axes": axes, "keepdims": 1})

    def widen(self, tensor: str) -> str:
        """The tensor in float32 where it is float16: in that it is computed."""
        if self.dtype != np.float16:
            return tensor
        self.dtype = np.dtype(np.float32)
        return self.cast(tensor, self.dtype)

    def narrow(self, tensor: str) -> str:
        """The tensor in its own type again."""
        if self.dtype == self._narrow:
            return tensor
        self.dtype = self._narrow
        return self.cast(tensor, self.dtype)

    def cast(self, tensor: str, dtype: DTypeLike) -> str:
        """The tensor in another type."""
        element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.add("Cast", tensor, attributes={"to": element})

    def positive_zero(self, tensor: str) -> str:
        """The tensor with +0 for -0: Shrink by nothing, as adding 0 is optimised away."""
        return self.add("Shrink", tensor, attributes={"lambd": 0.0, "bias": 0.0})
