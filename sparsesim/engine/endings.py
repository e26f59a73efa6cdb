"""What becomes of a layer's sums before its chain: one ending a kind of numbers.

`Plain`: floats, bias and clamp. `Requantised`: integer sums scaled to a quantised tensor at once.
`Dequantised`: integer sums scaled to floats. `Whole`: the integer sums themselves, int32.

An ending takes the blocks of a convolution as they are finished (`block`), then gives the tensor
(`of_convolution`); of a product it takes all sums at once (`of_product`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sparsesim.engine import kernels
from sparsesim.engine.columns import HIGH, LOW
from sparsesim.engine.epilogue import saturated
from sparsesim.engine.finish import Clamp, Finish
from sparsesim.graph import Layer

Tensors = Mapping[str, np.ndarray]


class Ending(Finish, Protocol):
    """How a layer's sums are finished; made anew for each run."""

    def start(self, shape: tuple[int, int, int], kind: np.dtype) -> None:
        """A convolution's sums will be (batch, filters, positions) of this float type."""

    def of_convolution(self, sums: np.ndarray) -> np.ndarray:
        """The tensor of all blocks."""

    def of_product(self, sums: np.ndarray) -> np.ndarray:
        """The tensor of a product's sums."""


def ending(layer: Layer, tensors: Tensors, low: float, high: float) -> Ending:
    """The ending of a layer; low and high: the clamp that leads its chain."""
    if layer.op.endswith("Integer"):
        return Whole()
    if layer.output_scale:
        return Requantised(layer, tensors)
    if layer.activation_scale:
        return Dequantised(layer, tensors, low, high)
    return Plain(layer, tensors, low, high)


class Whole:
    """Integer sums as int32, wrapping as ONNX Runtime's integer products do."""

    clamp: Clamp | None = None

    def start(self, shape: tuple[int, int, int], kind: np.dtype) -> None:
        pass

    def block(self, sums: np.ndarray, image: int, filter_: int, position: int) -> None:
        pass

    def of_convolution(self, sums: np.ndarray) -> np.ndarray:
        return sums.astype(np.int64).astype(np.int32)

    of_product = of_convolution


class Plain:
    """Float sums: bias, then the clamp."""

    def __init__(self, layer: Layer, tensors: Tensors, low: float, high: float) -> None:
        self.layer, self.low, self.high = layer, low, high
        self.bias = tensors[layer.bias] if layer.bias else None
        self.clamps = bool(np.isfinite(low) or np.isfinite(high))

    def start(self, shape: tuple[int, int, int], kind: np.dtype) -> None:
        bias = np.zeros(shape[1], dtype=kind) if self.bias is None else self.bias.astype(kind)
        bounds = np.array([self.low, self.high], dtype=kind)
        self.clamp: Clamp | None = bias.reshape(-1), bounds

    def block(self, sums: np.ndarray, image: int, filter_: int, position: int) -> None:
        if self.clamp is not None and (self.bias is not None or self.clamps):
            bias, bounds = self.clamp
            part = bias[filter_ : filter_ + sums.shape[0]]
            kernels.add_and_clamp(sums, part, bounds[LOW], bounds[HIGH])

    def of_convolution(self, sums: np.ndarray) -> np.ndarray:
        return sums

    def of_product(self, sums: np.ndarray) -> np.ndarray:
        kind = sums.dtype.type
        alpha, beta = self.layer.attribute("alpha", 1.0), self.layer.attribute("beta", 1.0)
        if alpha != 1.0:
            sums = sums * kind(alpha)
        if self.bias is not None:
            bias = self.bias.astype(kind)
            sums = sums + (bias if beta == 1.0 else bias * kind(beta))
        return np.clip(sums, kind(self.low), kind(self.high)) if self.clamps else sums


class _Scaled:
    """Vectors over the filters that scale integer sums."""

    clamp: Clamp | None = None

    def __init__(self, layer: Layer, tensors: Tensors) -> None:
        self.layer, self.tensors = layer, tensors
        self.unit = self._real(layer.activation_scale) * self._real(layer.weight_scale)

    def _real(self, name: str) -> np.ndarray:
        return self.tensors[name].astype(np.float32).reshape(-1)

    def _along_filters(self, vector: np.ndarray) -> np.ndarray:
        """Shaped to broadcast over a product's sums."""
        return vector[:, None] if self.layer.weight_first and vector.size > 1 else vector

    def _whole_bias(self) -> np.ndarray:
        """The bias in units of the sums, int64; a float one quantised as ONNX Runtime does."""
        if not self.layer.bias:
            return np.zeros(1, dtype=np.int64)
        bias = self.tensors[self.layer.bias].reshape(-1)
        if not self.layer.bias_is_scaled:
            bias = np.rint(bias / self.unit)
        return bias.astype(np.int64)


class Requantised(_Scaled):
    """Integer sums times (activation scale x weight scale / output scale), rounded, shifted."""

    def __init__(self, layer: Layer, tensors: Tensors) -> None:
        super().__init__(layer, tensors)
        self.scale = self.unit / self._real(layer.output_scale)
        zero = tensors[layer.output_zero] if layer.output_zero else np.zeros(1, np.uint8)
        self.zero = zero.reshape(-1)[0]
        self.limits = np.iinfo(self.zero.dtype)

    def start(self, shape: tuple[int, int, int], kind: np.dtype) -> None:
        self.out = np.empty(shape, dtype=self.zero.dtype)
        self.bias = np.ascontiguousarray(np.broadcast_to(self._whole_bias(), shape[1:2]))
        self.vector = np.ascontiguousarray(np.broadcast_to(self.scale, shape[1:2]))

    def block(self, sums: np.ndarray, image: int, filter_: int, position: int) -> None:
        filters = slice(filter_, filter_ + sums.shape[0])
        kernels.requantise(
            sums,
            self.bias[filters],
            self.vector[filters],
            int(self.zero),
            int(self.limits.min),
            int(self.limits.max),
            self.out[image, filters, position : position + sums.shape[1]],
        )

    def of_convolution(self, sums: np.ndarray) -> np.ndarray:
        return self.out

    def of_product(self, sums: np.ndarray) -> np.ndarray:
        whole = sums.astype(np.int64) + self._along_filters(self._whole_bias())
        return saturated(whole.astype(np.float32) * self._along_filters(self.scale), self.zero)


class Dequantised(_Scaled):
    """Integer sums times (activation scale x weight scale): floats, bias, then the clamp."""

    def __init__(self, layer: Layer, tensors: Tensors, low: float, high: float) -> None:
        super().__init__(layer, tensors)
        self.low, self.high = np.float32(low), np.float32(high)

    def start(self, shape: tuple[int, int, int], kind: np.dtype) -> None:
        pass

    def block(self, sums: np.ndarray, image: int, filter_: int, position: int) -> None:
        pass

    def of_convolution(self, sums: np.ndarray) -> np.ndarray:
        return self._real_values(sums, lambda vector: vector.reshape(1, -1, 1))

    def of_product(self, sums: np.ndarray) -> np.ndarray:
        return self._real_values(sums, self._along_filters)

    def _real_values(self, sums: np.ndarray, shaped) -> np.ndarray:
        bias = self.tensors[self.layer.bias].reshape(-1) if self.layer.bias else None
        if bias is not None and self.layer.bias_is_scaled:
            sums, bias = sums + shaped(bias).astype(sums.dtype), None
        real = sums.astype(np.float32) * shaped(self.unit)
        if bias is not None:
            real += shaped(bias)
        return np.clip(real, self.low, self.high)
