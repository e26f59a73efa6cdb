"""What the post-processing unit does behind a layer: its numbers, found from the graph.

Where the unit cannot give a layer's tensor, the sums leave the array as they are, or quantised but
without the rest of the chain, and the engine does what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.epilogue import apply_chain
from sparsesim.fixed_point.requantise import VALUE_BITS, requantise, scale_of
from sparsesim.graph import Layer

Tensors = Mapping[str, np.ndarray]

_BIAS_LIMIT = 1 << 31
# What commutes with rounding: a clamp before it is a clamp of steps behind it.
_CLAMPS = ("Relu", "Clip")
_VALUES = (np.uint8, np.int8)


@dataclass(frozen=True, eq=False)
class PostProcessing:
    """The post-processing unit's numbers for one layer.

    Attributes:
        bias: int64, (groups, filters), in units of the sums, 32 bits signed.
        multiplier: uint32, (groups, filters), top bit set.
        shift: uint8, (groups, filters), 0 to 63.
        relu: negative steps become 0.
        threshold: steps up to this magnitude become 0; 0 to 511.
        zero_point: added to the steps.
        low, high: the clamp of the stored value.
        dtype: of the output values, uint8 or int8.
        chain: how many of the operators fused behind the layer these numbers stand for.
    """

    bias: NDArray[np.int64]
    multiplier: NDArray[np.uint32]
    shift: NDArray[np.uint8]
    relu: bool
    threshold: int
    zero_point: int
    low: int
    high: int
    dtype: np.dtype
    chain: int

    def apply(self, sums: NDArray[np.int64]) -> NDArray[np.int16]:
        """Output values, (groups, filters, positions), of sums of that shape."""
        return requantise(
            sums,
            self.bias,
            self.multiplier,
            self.shift,
            self.relu,
            self.threshold,
            self.zero_point,
            self.low,
            self.high,
        )


def post_processing(
    layer: Layer, tensors: Tensors, groups: int, filters: int
) -> tuple[PostProcessing | None, str]:
    """The unit's numbers for a layer, and why they are not all of its ending.

    The scale is the float32 that ONNX Runtime multiplies by where it requantises at once; the unit
    holds it exactly. What is fused behind the quantised sums is tried on each of their 256 values:
    where it is a clamp and a threshold, these numbers do the same to every sum.

    Args:
        layer: an integer layer.
        tensors: by name, its bias and quantisers.
        groups, filters: of its lowering.
    Returns:
        the numbers for as much of the chain as can be, or None where the sums must leave the array
        as they are; and "" or the reason why something is left to the engine.
    Raises:
        ModelError: a scale that the datapath's multiplier and shift cannot express.
    """
    if layer.op.endswith("Integer"):
        return None, f"{layer.op} gives its sums"
    at_once = bool(layer.output_scale)
    # The chain may be cut behind each quantiser: there its tensor has output values.
    cuts = [i + 1 for i, fused in enumerate(layer.chain) if fused.op == "QuantizeLinear"]
    cuts = [0, *cuts] if at_once else cuts
    if not cuts:
        return None, "its output is float"
    unfit = [fused.op for fused in layer.chain[: max(cuts[0] - 1, 0)] if fused.op not in _CLAMPS]
    if unfit:
        return None, f"{unfit[0]} stands before its output is quantised"
    scale, zero = _quantiser(layer, cuts[0], tensors)
    bias, factor = _bias_and_factor(layer, tensors, scale)
    if zero.dtype not in _VALUES:
        return None, f"its output is {zero.dtype}; the datapath gives {VALUE_BITS} bits"
    if np.any(bias < -_BIAS_LIMIT) or np.any(bias >= _BIAS_LIMIT):
        return None, "its bias needs more than 32 bits"
    multiplier, shift = scale_of(factor, layer.name)
    steps = np.arange(256) + int(np.iinfo(zero.dtype).min) - int(zero)
    grid = (steps + int(zero)).astype(zero.dtype) if at_once else steps.astype("f4") * scale
    for cut in reversed(cuts):
        last = _quantiser(layer, cut, tensors)[1]
        values = apply_chain(grid.copy(), layer.chain[:cut], tensors)
        fitted = _fit(steps, values.astype(np.int64) - int(last))
        if fitted is not None and last.dtype in _VALUES:
            break
    else:
        raise AssertionError("clamps before a quantiser are a clamp of its steps")
    relu, threshold, low, high = fitted
    made = PostProcessing(
        bias=_each_filter(bias, groups, filters, layer),
        multiplier=_each_filter(multiplier, groups, filters, layer),
        shift=_each_filter(shift, groups, filters, layer),
        relu=relu,
        threshold=threshold,
        zero_point=int(last),
        low=low + int(last),
        high=high + int(last),
        dtype=last.dtype,
        chain=cut,
    )
    left = ", ".join(fused.op for fused in layer.chain[cut:])
    return made, f"{left} behind it: no clamp and threshold of its steps" if left else ""


def _quantiser(layer: Layer, cut: int, tensors: Tensors) -> tuple[np.float32, np.integer]:
    """Scale and zero point of what stands before a cut of the chain."""
    names = layer.output_scale, layer.output_zero
    if cut:
        names = layer.chain[cut - 1].scale, layer.chain[cut - 1].zero
    zero = tensors[names[1]].reshape(-1)[0] if names[1] else np.uint8(0)
    return tensors[names[0]].reshape(-1)[0], zero


def _bias_and_factor(
    layer: Layer, tensors: Tensors, scale: np.float32
) -> tuple[NDArray[np.int64], np.ndarray]:
    """The bias in units of the sums, a float one rounded to them, and steps for each unit."""
    operands = (tensors[layer.activation_scale], tensors[layer.weight_scale])
    unit = operands[0].astype(np.float32).reshape(-1) * operands[1].astype(np.float32).reshape(-1)
    bias = tensors[layer.bias].reshape(-1) if layer.bias else np.zeros(1, dtype=np.int64)
    if layer.bias and not layer.bias_is_scaled:
        bias = np.clip(np.rint(bias / unit), -2 * _BIAS_LIMIT, 2 * _BIAS_LIMIT)  # fits an int64
    exact = unit if layer.output_scale else unit.astype(np.float64)
    return bias.astype(np.int64), exact / exact.dtype.type(scale)


def _fit(steps: np.ndarray, becomes: np.ndarray) -> tuple[bool, int, int, int] | None:
    """ReLU, threshold, low and high by which `steps` become `becomes`, if there are any.

    Such a function never falls, so what it does at both ends of the steps it does beyond them.
    """
    negative = steps < 0
    relu = bool(negative.any() and not becomes[negative].any())
    kept = np.abs(steps[(becomes != 0) & ~(negative & relu)])
    threshold = max(int(kept.min()) - 1, 0) if kept.size else 0
    low, high = int(becomes.min()), int(becomes.max())
    y = np.maximum(steps, 0) if relu else steps
    y = np.clip(np.where(np.abs(y) <= threshold, 0, y), low, high)
    return (relu, threshold, low, high) if np.array_equal(y, becomes) else None


def _each_filter(vector: np.ndarray, groups: int, filters: int, layer: Layer) -> np.ndarray:
    """One number for all filters, or one for each, as (groups, filters)."""
    if layer.kind.startswith("conv") and vector.size > 1:
        vector = vector.reshape(groups, filters)
    return np.ascontiguousarray(np.broadcast_to(vector, (groups, filters)))
