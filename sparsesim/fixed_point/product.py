"""A layer as the array sees it: two integer operands, lowered, and what becomes of their sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.shapes import convolution
from sparsesim.engine.threads import each, ranges, thread_count
from sparsesim.errors import ModelError
from sparsesim.fixed_point import kernels
from sparsesim.fixed_point.post_processing import PostProcessing
from sparsesim.graph import Layer
from sparsesim.lowering import Geometry
from sparsesim.trace.operands import turned

Shape = tuple[int, ...]

WIDEST_OPERAND_BITS = 16


@dataclass(frozen=True, eq=False)
class LayerProduct:
    """Y[filters x positions] = W[filters x K] . A[K x positions] for each group, in integers.

    Attributes:
        name: the layer's.
        geometry: its lowering.
        activations: int16, (groups, positions, K), zero points subtracted; padding and inserted
            taps are 0. It differs from 0 exactly where the trace's bits are 1.
        weights: int16, (groups, filters, K), likewise.
        post: the post-processing of its sums; None: they leave the array as they are.
        reason: why the engine has to do what is left of the layer's ending; empty: nothing is.
    """

    name: str
    geometry: Geometry
    activations: NDArray[np.int16]
    weights: NDArray[np.int16]
    post: PostProcessing | None
    reason: str


def signed_bits(low: int, high: int) -> int:
    """The width of signed numbers that hold all from low to high."""
    return max(high, -low - 1, 0).bit_length() + 1


def check_width(where: str, what: str, needed: int, setting: str, bits: int) -> None:
    """Refuse operands that the accelerator is too narrow for; they are never clipped.

    Args:
        where: file and layer, for the error.
        what: `activations` or `weights`.
        needed: signed bits that they need.
        setting, bits: the accelerator's own.
    Raises:
        ModelError: they need more.
    """
    if needed <= bits:
        return
    fits = needed <= WIDEST_OPERAND_BITS
    advice = f"set it to {needed}" if fits else "quantise the model to narrower types"
    raise ModelError(
        f"{where}: its {what} need {needed} bits, the accelerator has {setting} = {bits}; {advice}"
    )


def lower_activations(
    layer: Layer, geometry: Geometry, values: NDArray[np.int16], weight: Shape
) -> NDArray[np.int16]:
    """The activation operand, lowered.

    Args:
        layer: the layer.
        geometry: its lowering.
        values: the tensor as the graph holds it, its zero point subtracted.
        weight: the weight's shape as the graph holds it.
    Returns:
        int16, (groups, positions, K).
    """
    shape = (geometry.groups, geometry.positions, geometry.reduction)
    if not layer.kind.startswith("conv"):
        return _rows(layer, "activation", values, weight, geometry.groups).reshape(shape)
    flat = np.ascontiguousarray(np.moveaxis(values, 1, -1)).reshape(-1)
    numbers = geometry.array()
    out = np.zeros(shape, dtype=np.int16)

    def block(first: int, last: int) -> None:
        for group in range(geometry.groups):
            kernels.lower_values(flat, numbers, group, first, out[group, first:last])

    each(block, ranges(geometry.positions, thread_count(), 16))
    return out


def lower_weights(
    layer: Layer, geometry: Geometry, values: NDArray[np.int16], activation: Shape
) -> NDArray[np.int16]:
    """The weight operand, lowered; a transposed convolution's is flipped.

    Args:
        layer, geometry, values: as for activations.
        activation: the activation's shape as the graph holds it.
    Returns:
        int16, (groups, filters, K).
    """
    shape = (geometry.groups, geometry.filters, geometry.reduction)
    if layer.kind == "conv_transpose":  # stored as (channels of all groups, filters, kernel)
        values = values.reshape(geometry.groups, geometry.channels, *values.shape[1:])
        values = np.flip(values, axis=tuple(range(3, values.ndim)))
    if layer.kind.startswith("conv"):
        values = np.moveaxis(values, 1, -1)
    else:
        values = _rows(layer, "weight", values, activation, geometry.groups)
    return np.ascontiguousarray(values).reshape(shape)


def output_shape(layer: Layer, activation: Shape, weight: Shape) -> Shape:
    """The shape of a layer's output tensor, of operands of these shapes that fit each other."""
    if layer.kind.startswith("conv"):
        return convolution(layer, activation, weight).output_shape
    first, second = (weight, activation) if layer.weight_first else (activation, weight)
    if layer.kind == "gemm":
        rows, columns = layer.attribute("transA", 0), layer.attribute("transB", 0)
        return first[1 if rows else 0], second[0 if columns else 1]
    batch = np.broadcast_shapes(first[:-2], second[:-2])
    return (*batch, *first[-2:-1], *(second[-1:] if len(second) > 1 else ()))


def tensor_of(layer: Layer, values: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Values of outputs, (groups, filters, positions), as the layer's output tensor.

    Args:
        layer: the layer.
        values: one for each output.
        shape: of the output tensor.
    """
    if layer.kind.startswith("conv"):
        planes = values.reshape(shape[1], shape[0], -1)
        values = np.swapaxes(planes, 0, 1)
    elif not layer.weight_first:
        values = np.swapaxes(values, 1, 2)
    else:  # a batch that one weight serves lies along the positions
        groups, filters, positions = values.shape
        inner = positions if min(filters, positions) == 1 else shape[-1]
        outer = positions // max(inner, 1)
        values = np.swapaxes(values.reshape(groups, filters, outer, inner), 1, 2)
    return np.ascontiguousarray(values).reshape(shape)


def _rows(
    layer: Layer, role: str, values: np.ndarray, other: Shape, groups: int
) -> NDArray[np.int16]:
    """An operand of a product, K last; repeated along the batch where that makes groups."""
    if turned(layer, role) and values.ndim > 1:
        values = np.swapaxes(values, -1, -2)
    if groups > 1:
        rows = values if values.ndim > 1 else values.reshape(1, -1)
        batch = np.broadcast_shapes(rows.shape[:-2], other[:-2])
        values = np.broadcast_to(rows, (*batch, *rows.shape[-2:]))
    return np.ascontiguousarray(values)
